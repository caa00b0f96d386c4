//! A relay in a process of its own: aiosmtpd, which speaks SMTP as a mail server does.
//!
//! Owns: finding it, starting it, and what it took. Promises: it ends with the test program,
//! however that ends; where it is missing the test fails and says what to do.
//! Deliberately does not know: what ought to be in a letter.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;
use tests::world::PATIENCE;

/// The one who may send, at a relay that asks.
pub const USER: &str = "pyramid";
/// His password.
pub const PASSWORD: &str = "secret of the relay";

const START_TIME: Duration = Duration::from_secs(60);
/// What it took is told through a pipe, after it has answered.
const MORE: Duration = Duration::from_millis(200);
/// Ends when its standard input ends, and so with the test program. Says on which port it listens,
/// and then each letter that it took.
const PROGRAM: &str = r#"
import asyncio, json, os, ssl, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from aiosmtpd.smtp import SMTP, AuthResult
mode, port, chain, key, user, password = sys.argv[1:]
context = None
if mode in ("starttls", "implicit"):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, key)
def say(what):
    print(json.dumps(what), flush=True)
class Handler:
    async def handle_DATA(self, server, session, envelope):
        protected = server.transport.get_extra_info("sslcontext") is not None
        say({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": protected,
             "authenticated": bool(session.authenticated),
             "content": envelope.content.decode()})
        return "250 taken"
def authenticate(server, session, envelope, mechanism, data):
    good = data.login == user.encode() and data.password == password.encode()
    return AuthResult(success=good, handled=False)
def protocol():
    starttls = mode == "starttls"
    return SMTP(Handler(), hostname="localhost", tls_context=context if starttls else None,
                require_starttls=starttls, authenticator=authenticate,
                auth_required=user != "", auth_require_tls=starttls)
async def main():
    inner = context if mode == "implicit" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", int(port), ssl=inner)
    say(server.sockets[0].getsockname()[1])
    await server.serve_forever()
asyncio.run(main())
"#;
const MISSING: &str = "aiosmtpd, which plays the relay, is not installed: run tests/run once, which \
    installs it, or `pip install aiosmtpd` for the python3 that comes first in PATH";

/// How a relay speaks.
#[derive(Clone, Copy)]
pub enum Mode {
    /// It demands STARTTLS.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// It knows no TLS.
    Bare,
}

/// A running relay.
pub struct Relay {
    child: Child,
    taken: Receiver<Value>,
    pub port: u16,
}

/// The Python that has it: the one that tests/run made, or the first in PATH.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
        let has_it = |python: &PathBuf| {
            let look = Command::new(python).args(["-c", "import aiosmtpd.smtp"]).output();
            look.is_ok_and(|output| output.status.success())
        };
        let made = tools.join("aiosmtpd/bin/python3");
        [made, PathBuf::from("python3")].into_iter().find(has_it).expect(MISSING)
    })
}

impl Relay {
    /// Starts a relay with a chain and key of this name in a folder, and waits until it listens.
    /// With port 0 it takes any. `asks`: it takes letters of its one user only.
    pub fn start(mode: Mode, port: u16, (folder, name): (&Path, &str), asks: bool) -> Self {
        let word = match mode {
            Mode::Starttls => "starttls",
            Mode::Implicit => "implicit",
            Mode::Bare => "bare",
        };
        let (user, password) = if asks { (USER, PASSWORD) } else { ("", "") };
        let mut child = Command::new(python())
            .args(["-c", PROGRAM, word, &port.to_string()])
            .args([folder.join(format!("{name}.pem")), folder.join(format!("{name}.key"))])
            .args([user, password])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (tell, taken) = mpsc::channel::<Value>();
        let said = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                let _ = tell.send(serde_json::from_str(&line).unwrap());
            }
        });
        let port = taken.recv_timeout(START_TIME).expect("the relay must listen");
        let port = u16::try_from(port.as_u64().unwrap()).unwrap();
        Self { child, taken, port }
    }

    /// The letters it took since it was asked last. Waits for so many, which must come, and a
    /// little longer for those that must not.
    pub fn letters(&self, expected: usize) -> Vec<Value> {
        let mut letters = Vec::new();
        for _ in 0..expected {
            letters.push(self.taken.recv_timeout(PATIENCE).expect("a letter must come"));
        }
        while let Ok(letter) = self.taken.recv_timeout(MORE) {
            letters.push(letter);
        }
        letters
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Nothing can be done about one that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
