//! The settings of `container`: one Jupyter server, named by an address or by host and port.

use secrecy::SecretString;

use super::{ExecutionMethod, resolve::Resolver};

const URL: &str = "execution.container.url";
const HOST: &str = "execution.container.jupyter_host";
const PORT: &str = "execution.container.jupyter_port";
const TOKEN: &str = "execution.container.token";

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
        let token = settings.text(TOKEN).map(str::trim).unwrap_or_default();
        let carried = token.bytes().all(|byte| byte.is_ascii_graphic());
        container.token = (!token.is_empty()).then(|| SecretString::from(token));
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
        if !carried {
            self.complain(TOKEN, "holds characters that an HTTP header can't carry");
        }
        self.server();
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
