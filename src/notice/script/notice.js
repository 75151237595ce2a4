// The notice without a reload: its own words for what was chosen, which came with it, take the question's place. They are nodes already: no text is ever read as HTML here.

/** The banner says what was chosen, and takes the focus if the visitor was in it; the footer offers to take it back. */
export function confirm(choice, pressedIn) {
  for (const host of document.querySelectorAll('consent-notice')) {
    const said = host.shadowRoot?.querySelector(`template[data-said=${choice}]`);
    if (said) {
      const place = said.parentNode;
      place.replaceChildren(said.content);
      if (host === pressedIn) focus(place.querySelector('[role=alert]'));
    }
    const back = choice !== 'reject' && host.shadowRoot?.querySelector('template[data-agreed]');
    if (back) back.replaceWith(back.content);
  }
}

/** As long as it has the focus it can have it: afterwards it is text again. */
function focus(alert) {
  alert.tabIndex = -1;
  alert.addEventListener('blur', () => alert.removeAttribute('tabindex'), { once: true });
  alert.focus();
}

/** What was agreed to in the meantime goes with the next choice: to allow one thing more takes nothing back. */
export function remember(granted) {
  for (const { shadowRoot } of document.querySelectorAll('consent-placeholder')) {
    const form = shadowRoot?.querySelector('[value=save]')?.form;
    const known = form && new FormData(form).getAll('purpose');
    for (const purpose of known ? granted : []) {
      if (purpose === 'essential' || known.includes(purpose)) continue;
      const input = Object.assign(document.createElement('input'), { type: 'hidden', name: 'purpose', value: purpose });
      form.append(input);
    }
  }
}

/** The footer no longer names what is there now. */
export function leftOut({ all, granted }) {
  for (const { shadowRoot } of document.querySelectorAll('consent-notice')) {
    for (const line of shadowRoot?.querySelectorAll('li[data-purpose]') ?? []) {
      if (!all && !granted.includes(line.dataset.purpose)) continue;
      const list = line.closest('details');
      line.remove();
      if (!list.querySelector('[data-purpose]')) list.remove();
    }
  }
}
