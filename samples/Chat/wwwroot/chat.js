'use strict';

const byId = id => document.getElementById(id);
const call = connectToHub('chat', {
  onOpen: () => { showState('Connected'); byId('problem').textContent = ''; reload(); },
  onClose: () => showState('Connecting'),
  Posted: show,
  Missed: reload,
});

function showState(state) {
  byId('state').dataset.state = byId('state').textContent = state;
}

/** Shows a message in its place, unless it is already shown: after a gap messages may come twice. */
function show({ id, author, text }) {
  if (byId(`message-${id}`)) return;
  const item = document.createElement('li'), name = document.createElement('b');
  item.id = `message-${id}`;
  item.value = id;
  name.textContent = author;
  item.append(name, text);
  byId('messages').insertBefore(item, [...byId('messages').children].find(other => other.value > id) ?? null);
}

/** Reloads after a gap, whether the page had lost its server, or the server PostgreSQL. The table has all messages. */
async function reload() {
  try {
    const latest = await call('Latest');
    byId('messages').replaceChildren(); // Older ones may be missing, and a list with a hole is worse than a short one.
    latest.forEach(show);
  } catch {
    if (byId('state').textContent === 'Connected') setTimeout(reload, 1000); // Otherwise onOpen does it.
  }
}

byId('form').onsubmit = async event => {
  event.preventDefault();
  try {
    await call('Post', byId('author').value, byId('text').value);
    byId('text').value = byId('problem').textContent = '';
  } catch (error) {
    byId('problem').textContent = error.message;
  }
};
