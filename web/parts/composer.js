// Where a message is written: kept as a draft, sent with Enter, never lost to a reload.
import { html, useState, useRef, useEffect, useLayoutEffect } from '../lib/html.js';
import { kept, narrow } from '../lib/store.js';
import { nameOf } from '../lib/chat/state.js';
import { tellTyping } from '../lib/chat/live.js';
import { Icon } from './icons.js';
import { Face } from './bits.js';

const LIMIT = 64 * 1024; // bytes, as the server counts

/** `mode`: null, {kind: 'reply'|'edit', message}. `send(text, mentions)` takes it over for good. */
export function Composer({ chatId, group, members, mode, setMode, send, editLast, disabled }) {
  const draft = `draft.${chatId}`;
  const [text, setText] = useState(() => kept.read(draft, ''));
  const [choice, setChoice] = useState(0);
  const [dismissed, setDismissed] = useState(false);
  const area = useRef(null);
  const mentioned = useRef(new Map());

  useEffect(() => {
    if (mode?.kind === 'edit') setText(mode.message.content);
    if (mode) area.current.focus();
  }, [mode]);
  useEffect(() => { if (!narrow.peek()) area.current?.focus({ preventScroll: true }); return () => tellTyping(chatId, false); }, [chatId]);
  useLayoutEffect(() => {
    const box = area.current;
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
  }, [text]);

  const put = (value) => {
    setText(value);
    setDismissed(false);
    if (mode?.kind === 'edit') return;
    if (value) kept.write(draft, value); else kept.drop(draft);
    tellTyping(chatId, value.trim() !== '');
  };
  const leaveMode = () => {
    if (mode?.kind === 'edit') setText(kept.read(draft, ''));
    setMode(null);
  };
  const tooLong = new TextEncoder().encode(text).length > LIMIT;
  const submit = () => {
    const content = text.trim();
    if (!content || tooLong || disabled) return;
    const mentions = [...mentioned.current].filter(([, name]) => content.includes(`@${name}`)).map(([id]) => id);
    send(content, mentions);
    mentioned.current.clear();
    if (mode?.kind === 'edit') { leaveMode(); return; }
    setMode(null);
    setText('');
    kept.drop(draft);
    tellTyping(chatId, false);
  };

  // "@an" right before the cursor offers the members whose names begin so.
  const cursor = area.current?.selectionStart ?? text.length;
  const asked = group && !dismissed && /(?:^|\s)@([^\s@]*)$/u.exec(text.slice(0, cursor))?.[1];
  const offered = typeof asked === 'string' ? members.filter((member) => member.name?.toLocaleLowerCase().startsWith(asked.toLocaleLowerCase())).slice(0, 6) : [];
  const mention = (member) => {
    mentioned.current.set(member.user_id, member.name);
    put(`${text.slice(0, cursor - asked.length)}${member.name} ${text.slice(cursor)}`);
    area.current.focus();
  };

  const keys = (event) => {
    if (event.isComposing) return; // an input method still owns the keys
    if (offered.length) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); setChoice((choice + step + offered.length) % offered.length); return; }
      if (event.key === 'Enter' || event.key === 'Tab') { event.preventDefault(); mention(offered[choice % offered.length]); return; }
      if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); setDismissed(true); return; }
    }
    if (event.key === 'Enter' && !event.shiftKey && !(narrow.peek() && matchMedia('(pointer: coarse)').matches)) { event.preventDefault(); submit(); }
    else if (event.key === 'Escape' && mode) { event.preventDefault(); event.stopPropagation(); leaveMode(); }
    else if (event.key === 'ArrowUp' && !text) { event.preventDefault(); editLast(); }
  };

  return html`<form class="composer" onSubmit=${(event) => { event.preventDefault(); submit(); }}>
    ${mode && html`<div class="composer-mode"><${Icon} name=${mode.kind} size=${18} />
      <p><b>${mode.kind === 'edit' ? 'Edit message' : `Reply to ${mode.message.sender_name ?? nameOf(mode.message.sender_id)}`}</b><span dir="auto">${mode.message.content}</span></p>
      <button type="button" class="quiet round" aria-label=${mode.kind === 'edit' ? 'Stop editing' : 'Do not reply'} onClick=${leaveMode}><${Icon} name="close" size=${18} /></button></div>`}
    ${offered.length > 0 && html`<ul class="mentions" role="listbox" id="mentions" aria-label="Members">${offered.map((member, i) => html`
      <li key=${member.user_id} role="option" id=${`mention-${i}`} aria-selected=${i === choice % offered.length} onMouseDown=${(event) => { event.preventDefault(); mention(member); }}>
        <${Face} id=${member.user_id} name=${member.name} size="small" /><span dir="auto">${member.name}</span></li>`)}</ul>`}
    <div class="composer-line">
      <textarea ref=${area} rows="1" dir="auto" aria-label="Message" placeholder=${disabled ?? 'Write a message'} disabled=${Boolean(disabled)} value=${text}
        aria-controls=${offered.length ? 'mentions' : undefined} aria-activedescendant=${offered.length ? `mention-${choice % offered.length}` : undefined}
        onInput=${(event) => put(event.target.value)} onKeyDown=${keys} onBlur=${() => tellTyping(chatId, false)} enterkeyhint="send"></textarea>
      <button class="primary round send" type="submit" aria-label=${mode?.kind === 'edit' ? 'Save' : 'Send'} disabled=${!text.trim() || tooLong || Boolean(disabled)}><${Icon} name=${mode?.kind === 'edit' ? 'check' : 'send'} /></button>
    </div>
    ${tooLong && html`<p class="form-problem" role="alert">A message can hold 64 KiB of text. This one is longer: send it in parts.</p>`}
  </form>`;
}
