// What the gate lets a visitor's browser do before any choice, by design.

/**
 * A third-party tag that nobody has classified runs, because it may be a service's own, and is reported: in the demo the
 * postcode finder on the bins page.
 */
export const BY_DESIGN = {
  hosts: ['api.postcode-finder.localhost'],
  // What such a tag stores is held by the guard; until there is one, this key is written.
  stored: ['localStorage pcf_visitor'],
};
