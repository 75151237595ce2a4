//! What the demo is started with and what it tells the person who started it.

use std::path::Path;

use super::pages::fill;
use super::third_parties::WATCH_HOST;

/// Where the parts of the demo listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The gate: what visitors use.
    pub gate: u16,
    /// The council's site behind it.
    pub council: u16,
    /// The stand-ins for other companies.
    pub third_parties: u16,
    /// The gate's admin listener.
    pub admin: u16,
}

/// `config/demo.yaml` with ports and the ledger's folder filled in, ready to be read like any other configuration.
pub fn config(ports: &Ports, folder: &Path) -> String {
    // YAML 1.2, section 7.3.2: in single quotes only the quote itself is doubled.
    let folder = folder.display().to_string().replace('\'', "''");
    include_str!("../../../config/demo.yaml")
        .replace("- address: 127.0.0.1:8080\n", &format!("- address: 127.0.0.1:{}\n", ports.gate))
        .replace("\n  address: 127.0.0.1:8083\n", &format!("\n  address: 127.0.0.1:{}\n", ports.admin))
        .replace("upstream: http://127.0.0.1:8081\n", &format!("upstream: http://127.0.0.1:{}\n", ports.council))
        .replace("'sqlite:demo/", &format!("'sqlite:{folder}/"))
        .replace("'demo/", &format!("'{folder}/"))
}

/// The printed list of what to try. `config` is the file the gate runs with, for the commands that read it; `program` is
/// what starts this program, which need not be where the shell looks for programs.
pub fn what_to_try(ports: &Ports, config: &Path, program: &Path) -> String {
    let Ports { gate, council, third_parties, admin } = ports;
    fill(
        GUIDE,
        &[
            ("gate", &gate.to_string()),
            ("council", &council.to_string()),
            ("watch", &format!("{WATCH_HOST}:{third_parties}")),
            ("admin", &admin.to_string()),
            ("config", &word(config)),
            ("jar", &word(&config.with_file_name("jar"))),
            ("program", &word(program)),
        ],
    )
}

/// A path as one word of a shell: in single quotes where it has anything a shell could take for something else.
fn word(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@,:=".contains(c);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

const GUIDE: &str = include_str!("guide.txt");

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: Ports = Ports { gate: 8080, council: 8081, third_parties: 8082, admin: 9901 };

    #[test]
    fn no_place_in_the_configuration_is_left_open() {
        let text = config(&PORTS, Path::new("/home/o'brien"));
        assert!(text.contains("upstream: http://127.0.0.1:8081"));
        assert!(text.contains("'sqlite:/home/o''brien/ledger.db'"));
        let open = text.split('@').skip(1).find(|after| after.starts_with(|letter: char| letter.is_ascii_uppercase()));
        assert_eq!(open, None);
    }

    #[test]
    fn the_configuration_is_yaml() {
        let ports = Ports { gate: 8083, ..PORTS };
        let value: serde_yaml::Value = serde_yaml::from_str(&config(&ports, Path::new("/srv/demo"))).unwrap();
        assert_eq!(value["listeners"][0]["address"], "127.0.0.1:8083");
        assert_eq!(value["admin"]["address"], "127.0.0.1:9901");
        assert_eq!(value["sites"][0]["upstream"], "http://127.0.0.1:8081");
        assert_eq!(value["signing_key_file"], "/srv/demo/signing.key");
        assert_eq!(value["sites"][0]["mode"], "enforce");
        assert_eq!(value["ledger"]["url"], "sqlite:/srv/demo/ledger.db");
    }

    #[test]
    fn the_worked_example_is_taken_by_check_as_it_stands() {
        let file = Path::new("config/demo.yaml");
        let text = include_str!("../../../config/demo.yaml");
        let read = crate::config::parse(text, file).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(read.warnings.len(), 0);
    }

    #[test]
    fn the_list_names_every_address() {
        let list = what_to_try(&PORTS, Path::new("demo.yaml"), Path::new("consentgate"));
        for address in
            ["http://localhost:8080/", "http://third-parties.localhost:8082/", "127.0.0.1:8081", "127.0.0.1:9901"]
        {
            assert!(list.contains(address), "{address}");
        }
        assert!(!list.contains("{{"));
        assert!(list.lines().all(|line| line.chars().count() <= 110));
    }

    #[test]
    fn the_commands_can_be_pasted_into_a_shell_wherever_the_files_are() {
        let list = what_to_try(&PORTS, Path::new("/srv/my demo/demo.yaml"), Path::new("/home/o'brien/consentgate"));
        for words in [
            r"'/home/o'\''brien/consentgate' ledger export --config '/srv/my demo/demo.yaml'",
            "curl -si -c '/srv/my demo/jar' -d",
            "curl -s -b '/srv/my demo/jar' -H",
        ] {
            assert!(list.contains(words), "{words}");
        }
    }
}
