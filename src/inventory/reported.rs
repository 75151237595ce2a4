//! Names that visitors' browsers report: any visitor can report any name, so one counts only once several networks have
//! said it.
//!
//! A network is an IPv4 /24 or an IPv6 /64. Of each no more is kept than a hash under a key that is made at the start and
//! gone with the process: from memory alone nobody can tell who has reported what.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use super::stock::Thing;

/// So many networks make a name believable. Someone with a telephone, a home and an office has three.
pub const NETWORKS: usize = 5;
/// Names that wait for more networks; beyond, the one that fewest have reported goes.
const MOST_NAMES: usize = 512;

/// What waits to be believed on one site.
#[derive(Default)]
pub struct Reported {
    waiting: Mutex<Waiting>,
    key: RandomState,
}

#[derive(Default)]
struct Waiting {
    names: HashMap<(Thing, Box<str>), Name>,
    /// How many names have come so far.
    came: u64,
}

struct Name {
    came: u64,
    /// Keyed hashes.
    networks: Vec<u64>,
}

impl Reported {
    /// This name was reported from this address: have enough networks done so by now?
    pub fn is_believable(&self, thing: Thing, name: &str, address: IpAddr) -> bool {
        let network = self.key.hash_one(network(address));
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let known = waiting.name(thing, name);
        if known.networks.len() < NETWORKS && !known.networks.contains(&network) {
            known.networks.push(network);
        }
        known.networks.len() >= NETWORKS
    }
}

impl Waiting {
    fn name(&mut self, thing: Thing, name: &str) -> &mut Name {
        let key = (thing, Box::from(name));
        if self.names.len() >= MOST_NAMES && !self.names.contains_key(&key) {
            self.make_room();
        }
        self.came += 1;
        let came = self.came;
        self.names.entry(key).or_insert_with(|| Name { came, networks: Vec::new() })
    }

    /// A flood of names from one network pushes out its own, and what one other network alone has said.
    fn make_room(&mut self) {
        let least = self.names.iter().min_by_key(|(_, name)| (name.networks.len(), name.came));
        if let Some(key) = least.map(|(key, _)| key.clone()) {
            self.names.remove(&key);
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            IpAddr::from([a, b, c, 0])
        }
        IpAddr::V6(v6) => IpAddr::from(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(by: &Reported, name: &str, address: &str) -> bool {
        by.is_believable(Thing::StorageKey, name, address.parse().unwrap())
    }

    #[test]
    fn a_name_counts_once_several_networks_have_said_it() {
        let by = Reported::default();
        for host in 0..250 {
            assert!(!reported(&by, "theme", &format!("203.0.113.{host}")), "one network, however many addresses");
            assert!(!reported(&by, "theme", &format!("2001:db8:1:2:{host:x}::1")), "{host}");
        }
        assert!(!reported(&by, "theme", "::ffff:203.0.113.9"), "the same network by another name");
        assert!(!reported(&by, "theme", "198.51.100.1"));
        assert!(!reported(&by, "theme", "198.51.101.1"));
        assert!(reported(&by, "theme", "198.51.102.1"));
        assert!(reported(&by, "theme", "203.0.113.1"), "and from then on");
        assert!(!reported(&by, "other", "198.51.102.1"));
        assert!(!by.is_believable(Thing::Cookie, "theme", "198.51.102.1".parse().unwrap()));
    }

    #[test]
    fn a_flood_of_names_is_bounded_and_leaves_what_others_have_said() {
        let by = Reported::default();
        for network in 1..NETWORKS {
            reported(&by, "theme", &format!("198.51.{network}.1"));
        }
        for n in 0..10 * MOST_NAMES {
            assert!(!reported(&by, &format!("made-up-{n}"), "203.0.113.1"));
        }
        assert_eq!(by.waiting.lock().unwrap().names.len(), MOST_NAMES);
        assert!(reported(&by, "theme", "198.51.200.1"));
    }
}
