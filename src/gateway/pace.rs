//! How fast choices may come from one network (REQUIREMENTS E10): a flood of them would fill the ledger with nobody's word.
//!
//! A network is an IPv4 /24 or an IPv6 /64. It is kept in memory only, for as long as its choices count, never written
//! down. Addresses of the organisation's own network are not counted: a proxy in front whose header is not believed
//! looks like one visitor who is everybody.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use super::Choices;

/// More networks than this are not counted at once: a flood from everywhere costs bounded memory.
const MOST: usize = 16_384;

/// When each network has paid for its choices, in milliseconds since 1970 (the generic cell rate algorithm, ITU-T I.371).
#[derive(Default)]
pub struct Paces(Mutex<HashMap<Network, u64>>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Network {
    V4([u8; 3]),
    V6([u8; 8]),
}

impl Paces {
    /// One more choice: fine, or the seconds to wait.
    pub(super) fn take(&self, limit: Choices, address: IpAddr, now_ms: u64) -> Result<(), u64> {
        let Some(network) = network(address) else { return Ok(()) };
        let cost = 60_000 / u64::from(limit.a_minute.max(1));
        let credit = cost * u64::from(limit.at_once.saturating_sub(1));
        let mut paid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if paid.len() >= MOST {
            paid.retain(|_, until| *until > now_ms);
        }
        let known = paid.get(&network).copied();
        if known.is_none() && paid.len() >= MOST {
            return Ok(());
        }
        let start = known.unwrap_or(0).max(now_ms);
        let early = (start - now_ms).saturating_sub(credit);
        if early > 0 {
            return Err(early.div_ceil(1000));
        }
        paid.insert(network, start + cost);
        Ok(())
    }
}

/// `None` for an address that is nobody's on the internet.
fn network(address: IpAddr) -> Option<Network> {
    match address.to_canonical() {
        IpAddr::V4(v4) if v4.is_loopback() || v4.is_private() || v4.is_link_local() => None,
        IpAddr::V6(v6) if v6 == Ipv6Addr::LOCALHOST || v6.is_unique_local() || v6.is_unicast_link_local() => None,
        IpAddr::V4(v4) => v4.octets().first_chunk().copied().map(Network::V4),
        IpAddr::V6(v6) => v6.octets().first_chunk().copied().map(Network::V6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_426_200_000;
    const LIMIT: Choices = Choices { at_once: 3, a_minute: 60 };

    fn taken(paces: &Paces, address: &str, now: u64) -> Result<(), u64> {
        paces.take(LIMIT, address.parse().unwrap(), now)
    }

    #[test]
    fn so_many_at_once_and_then_so_many_a_minute() {
        let paces = Paces::default();
        for host in 1..=3 {
            assert_eq!(taken(&paces, &format!("203.0.113.{host}"), NOW), Ok(()), "{host}");
        }
        assert_eq!(taken(&paces, "203.0.113.4", NOW), Err(1));
        assert_eq!(taken(&paces, "203.0.113.4", NOW + 999), Err(1));
        assert_eq!(taken(&paces, "203.0.113.4", NOW + 1000), Ok(()));
        assert_eq!(taken(&paces, "203.0.113.4", NOW + 1000), Err(1));
        assert_eq!(taken(&paces, "203.0.113.4", NOW + 60_000), Ok(()));
    }

    #[test]
    fn a_neighbour_in_the_network_counts_and_another_network_does_not() {
        let paces = Paces::default();
        for _ in 0..3 {
            taken(&paces, "2001:db8:1:2::1", NOW).unwrap();
        }
        assert!(taken(&paces, "2001:db8:1:2:ffff::9", NOW).is_err());
        assert!(taken(&paces, "2001:db8:1:3::1", NOW).is_ok());
    }

    #[test]
    fn a_mapped_address_is_the_address_it_maps() {
        let paces = Paces::default();
        for _ in 0..3 {
            taken(&paces, "::ffff:203.0.113.9", NOW).unwrap();
        }
        assert!(taken(&paces, "203.0.113.1", NOW).is_err());
    }

    #[test]
    fn a_proxy_of_ones_own_is_not_everybody() {
        let paces = Paces::default();
        for address in ["127.0.0.1", "10.1.2.3", "::1", "fd00::1", "192.168.1.1"] {
            for _ in 0..100 {
                assert_eq!(taken(&paces, address, NOW), Ok(()));
            }
        }
    }

    #[test]
    fn memory_is_bounded_and_forgets() {
        let paces = Paces::default();
        for n in 0..20_000_u32 {
            let [_, a, b, c] = n.to_be_bytes();
            taken(&paces, &format!("2001:db8:{a:x}{b:02x}:{c:x}::1"), NOW).unwrap();
        }
        assert_eq!(paces.0.lock().unwrap().len(), MOST);
        taken(&paces, "203.0.113.1", NOW + 60_000).unwrap();
        assert_eq!(paces.0.lock().unwrap().len(), 1);
    }
}
