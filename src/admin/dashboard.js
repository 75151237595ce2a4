// The dashboard does without this: it adds a button to what is there to be copied.
'use strict';
for (const snippet of document.querySelectorAll('.snippets pre')) {
  const button = document.createElement('button');
  const said = document.createElement('span');
  button.type = 'button';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', `Copy the lines for ${snippet.parentElement.querySelector('h3').textContent}`);
  said.setAttribute('role', 'status');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(snippet.textContent);
      said.textContent = 'Copied';
    } catch {
      // Without https a browser gives no page the clipboard: the lines are selected instead.
      getSelection().selectAllChildren(snippet);
      said.textContent = 'Selected: copy with Ctrl+C';
    }
  });
  snippet.after(button, ' ', said);
}
