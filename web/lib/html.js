// One place that knows where the vendored modules are: everything else imports from here.
import { h } from '../vendor/preact/preact.js';
import htm from '../vendor/htm/htm.js';

export const html = htm.bind(h);
export { render, createRef, Fragment } from '../vendor/preact/preact.js';
export { useState, useRef, useEffect, useLayoutEffect, useMemo, useCallback } from '../vendor/preact/hooks.js';
export { signal, computed, effect, batch, untracked, useSignal, useComputed, useSignalEffect } from '../vendor/signals/signals.js';
