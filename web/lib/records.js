// How a record of the log is called and whose it is.
export const systemOf = ({ topic }) => topic.split('.')[0];

/** "chat.conversation.MessageSent" → "MessageSent"; a record without a type is called after its topic. */
export const typeName = ({ type, topic }) => type?.split('.').at(-1) || `(${topic.split('.').at(-1)})`;

/** "person|0d5d…" → {kind: 'person', id}. An id alone is a person's. */
export function actorOf(text) {
  if (!text) return null;
  const [kind, id] = text.includes('|') ? text.split('|') : ['person', text];
  return { kind, id };
}
