// The page's requests to the local Slack server, and the live line on which it says that something changed.

/** A request that failed; the message is a sentence for the person. */
export class RequestFailed extends Error {}

// Slack's codes a person can run into, in words.
const WORDS = {
  message_not_found: 'That message is not there any more.',
  not_found: 'That window is not open any more.',
  user_not_found: 'This person is not in this workspace.',
  unknown_scenario: 'There is no such scenario.',
};

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: 'no-store', ...options });
  } catch {
    throw new RequestFailed('The server does not answer. Is the demo still running?');
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const failed = new RequestFailed(
      WORDS[answer.error] || answer.error || `${path.split('?')[0]}: the server answered ${response.status}.`,
    );
    failed.status = response.status;
    throw failed;
  }
  return answer;
}

const post = (path, body) =>
  request(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

export const api = {
  state: (user) => request(`/page/state?user=${encodeURIComponent(user)}`),
  fleet: () => request('/page/fleet'),
  command: (user, channel, text) => post('/page/command', { user, channel, text }),
  message: (user, channel, text, threadTs) =>
    post('/page/message', { user, channel, text, ...(threadTs ? { thread_ts: threadTs } : {}) }),
  action: (user, container, blockId, action, values) =>
    post('/page/action', { user, container, block_id: blockId, action, ...(values ? { values } : {}) }),
  submit: (user, viewId, values) => post('/page/submit', { user, view_id: viewId, values }),
  close: (user, viewId) => post('/page/close', { user, view_id: viewId }),
  home: (user) => post('/page/home', { user }),
  scenario: (name) => post('/page/scenario', { name }),
};

const RETRY_MS = [500, 1000, 2000, 5000];

/**
 * Listen to the server's events for `user`; `changed(version)` at every change and after every reconnect
 * (version then null), `link(up)` when the line comes or goes. Returns a function that ends it.
 */
export function live(user, changed, link) {
  let source = null;
  let timer = 0;
  let tries = 0;
  const open = () => {
    source = new EventSource(`/page/events?user=${encodeURIComponent(user)}`);
    source.onopen = () => {
      tries = 0;
      link(true);
      changed(null);
    };
    source.onmessage = (event) => changed(JSON.parse(event.data).version);
    source.onerror = () => {
      link(false);
      source.close();
      timer = setTimeout(open, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
    };
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
