//! The settings of `container`: a Jupyter server, named by an address or by host and port, and one for writes.

use std::net::Ipv4Addr;

use secrecy::SecretString;

use super::{ExecutionMethod, Network, resolve::Resolver};

const URL: &str = "execution.container.url";
const HOST: &str = "execution.container.jupyter_host";
const PORT: &str = "execution.container.jupyter_port";
const TOKEN: &str = "execution.container.token";
const WRITE_URL: &str = "execution.container.write_url";
const WRITE_TOKEN: &str = "execution.container.write_token";
const LISTEN: &str = "execution.container.listen.write_access";

impl Resolver<'_> {
    pub(super) fn container(&mut self) {
        let settings = &self.authored.settings;
        let container = &mut self.config.execution.container;
        settings.set("execution.container.timeout", &mut container.timeout);
        settings.set(
            "execution.container.max_message_bytes",
            &mut container.max_message_bytes,
        );
        settings.set("execution.container.username", &mut container.username);
        settings.set(
            "execution.container.listen.read_only",
            &mut container.listen_read_only,
        );
        settings.set(
            "execution.container.listen.write_access",
            &mut container.listen_write_access,
        );
        settings.set("execution.container.shared_server", &mut container.shared_server);
        let token = |key: &str| {
            settings
                .text(key)
                .map(str::trim)
                .filter(|token| !token.is_empty())
        };
        let uncarried: Vec<&str> = [TOKEN, WRITE_TOKEN]
            .into_iter()
            .filter(|key| token(key).is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())))
            .collect();
        container.token = token(TOKEN).map(SecretString::from);
        container.write_token = token(WRITE_TOKEN)
            .map(SecretString::from)
            .or(container.token.clone());
        for (mode, kernel) in [
            ("read_only", &mut container.read_only),
            ("write_access", &mut container.write_access),
        ] {
            let key = |name: &str| format!("execution.modes.{mode}.{name}");
            settings.set(&key("kernel_name"), &mut kernel.kernel_name);
            settings.set(&key("environment"), &mut kernel.environment);
        }
        let nameless: Vec<&str> = [
            ("execution.container.username", &container.username),
            (
                "execution.modes.read_only.kernel_name",
                &container.read_only.kernel_name,
            ),
            (
                "execution.modes.write_access.kernel_name",
                &container.write_access.kernel_name,
            ),
        ]
        .into_iter()
        .filter(|(_, name)| name.trim().is_empty())
        .map(|(key, _)| key)
        .collect();
        for key in nameless {
            self.complain(key, "must not be empty");
        }
        for key in uncarried {
            self.complain(key, "holds characters that an HTTP header can't carry");
        }
        self.server();
        self.write_server();
        self.listeners();
        if self.config.execution.method == ExecutionMethod::Container
            && self.config.execution.container.token.is_none()
        {
            self.config.notes.push(format!(
                "{TOKEN} is not given: a Jupyter server that wants none runs whatever anybody sends it"
            ));
        }
    }

    /// The server's address.
    fn server(&mut self) {
        let settings = &self.authored.settings;
        let given = |key: &str| {
            settings
                .text(key)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let (url, host) = (given(URL), given(HOST));
        let mut port = 0u64;
        settings.set(PORT, &mut port);
        let chosen = self.config.execution.method == ExecutionMethod::Container;
        let url = match (url, host) {
            (Some(_), Some(_)) => {
                return self.complain(HOST, "only one of url and jupyter_host can be given");
            }
            (Some(url), None) => {
                if let Some(reason) = unfit(&url) {
                    return self.complain(URL, reason);
                }
                url.trim_end_matches('/').to_owned()
            }
            (None, None) if chosen => {
                let message = "execution_method is container, but no Jupyter server is named: give \
                               jupyter_host and jupyter_port, or url";
                return self.hold_up(HOST, message);
            }
            (None, None) => return,
            (None, Some(_)) if port == 0 => {
                if chosen {
                    let message = "execution_method is container, and jupyter_host has no port beside it";
                    self.hold_up(PORT, message);
                }
                return;
            }
            (None, Some(host)) => {
                let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_:".contains(letter);
                if !host.chars().all(plain) {
                    return self.complain(
                        HOST,
                        "must be a host's name or address; an address with a path is url",
                    );
                }
                match host.contains(':') {
                    true => format!("http://[{host}]:{port}"),
                    false => format!("http://{host}:{port}"),
                }
            }
        };
        self.config.execution.container.url = url;
    }

    /// The address of the server for writes.
    fn write_server(&mut self) {
        let given = self
            .authored
            .settings
            .text(WRITE_URL)
            .unwrap_or_default()
            .to_owned();
        if !given.is_empty() {
            if let Some(reason) = unfit(&given) {
                return self.complain(WRITE_URL, reason);
            }
            self.config.execution.container.write_url = given.trim_end_matches('/').to_owned();
        }
        let execution = &mut self.config.execution;
        let container = &mut execution.container;
        if container.shared_server && container.write_url.is_empty() {
            container.write_url.clone_from(&container.url);
        }
        let chosen = execution.method == ExecutionMethod::Container;
        if !chosen || container.shared_server || container.listen_write_access.is_none() {
            return;
        }
        let message = if container.write_url.is_empty() {
            "listen.write_access is given, but no server of its own for the kernels that write: kernels of one \
             server share a network, so those that read would reach the listener for writes; give write_url, or \
             shared_server: true where each kernel has a network of its own"
        } else if container.write_url.eq_ignore_ascii_case(&container.url) {
            "is the server of the kernels that read, which would reach the listener for writes; give another one, \
             or shared_server: true where each kernel has a network of its own"
        } else {
            return;
        };
        self.hold_up(WRITE_URL, message);
    }

    /// Where kernels find the gateway, and who is served there.
    fn listeners(&mut self) {
        for mode in ["read_only", "write_access"] {
            let listen = format!("execution.container.listen.{mode}");
            let address = self.authored.settings.text(&listen).and_then(host_and_port);
            if address.is_some_and(|(host, _)| host.parse().is_ok_and(|host: Ipv4Addr| host.is_unspecified()))
            {
                self.complain(
                    &listen,
                    "must be one address of this host: kernels of the other mode, and anybody else, would reach \
                     the listener at all of them",
                );
            }
            let peers = format!("execution.container.peers.{mode}");
            let named = self.authored.settings.texts(&peers).unwrap_or_default();
            let read: Result<Vec<Network>, _> = named.iter().cloned().map(Network::try_from).collect();
            let container = &mut self.config.execution.container;
            match (read, mode) {
                (Ok(networks), "read_only") => container.peers_read_only = networks,
                (Ok(networks), _) => container.peers_write_access = networks,
                (Err(reason), _) => self.complain(&peers, reason),
            }
        }
        let container = &self.config.execution.container;
        let address = |listen: &Option<String>| {
            let (host, port) = host_and_port(listen.as_deref()?)?;
            Some((host.to_owned(), port))
        };
        if let (Some(read), Some(write)) = (
            address(&container.listen_read_only),
            address(&container.listen_write_access),
        ) && read == write
        {
            self.complain(
                LISTEN,
                "must not be the address of the listener for programs that read",
            );
        }
    }
}

fn host_and_port(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    Some((host, port.parse().ok()?))
}

/// Why `url` cannot be a server's address.
fn unfit(url: &str) -> Option<&'static str> {
    let Some(rest) = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
    else {
        return Some("must be an address that starts with http:// or https://");
    };
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() {
        Some("names no host")
    } else if host.contains('@') {
        Some("must not hold a login; the token has its own key, token")
    } else if rest.contains(['?', '#']) {
        Some("must not hold a query; the token has its own key, token")
    } else {
        None
    }
}
