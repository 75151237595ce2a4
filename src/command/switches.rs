//! What a reload makes of the switch on the admin listener, and of the sites' modes, and how the log says so.
//!
//! Whoever has switched a site off did it because something was broken: nothing but a changed file may bring the gate
//! back there, and never in silence.

use crate::gateway::Sites;

use super::gate::mode_name;

/// Carries the switches over where the YAML is the `same`, byte by byte, and says in the log which of them end. Gives the
/// modes that change, for the line about the reload; `None` where none does.
pub(super) fn carried(before: &Sites, after: &Sites, same: bool) -> Option<String> {
    let mut changed = Vec::new();
    for new in &after.all {
        let name = new.name();
        let Some(old) = before.all.iter().find(|old| old.name() == name) else { continue };
        if old.is_switched_off() && same {
            new.switch_off(true);
            tracing::warn!(site = name, "still switched off on the admin listener: the YAML has not changed");
        } else if old.is_switched_off() {
            let mode = mode_name(new.mode());
            tracing::warn!(site = name, mode, "the switch to off is ended by this reload: the YAML has changed");
        }
        let modes = [old.mode(), new.mode()].map(mode_name);
        if modes[0] != modes[1] {
            changed.push(format!("{name}: {} to {}", modes[0], modes[1]));
        }
    }
    (!changed.is_empty()).then(|| changed.join(", "))
}
