//! A queue service in a process of its own: moto, which answers as Amazon SQS does.
//!
//! Owns: finding it, starting it, and the calls a test makes to it past the program under test.
//! Promises: it ends with the test program, however that ends; nothing else that listens is taken
//! for it; it answers in time or the test fails; where it is missing the test fails and says what
//! to do. Deliberately does not know: what is put on a queue.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use serde_json::{Value, json};

const START_TIME: Duration = Duration::from_secs(60);
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// Ends when its standard input ends, and so with the test program. Says on which port it listens.
const PROGRAM: &str = "
import os, socketserver, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
listen = socketserver.TCPServer.server_activate
def listen_and_say_so(server):
    listen(server)
    print(server.server_address[1], flush=True)
socketserver.TCPServer.server_activate = listen_and_say_so
from moto.server import main
main(sys.argv[1:])
";
const MISSING: &str = "moto, which plays the queue, is not installed: run tests/run once, which \
    installs it, or `pip install 'moto[server]'` for the python3 that comes first in PATH";

/// A running service.
pub struct Moto {
    child: Child,
    pub address: SocketAddr,
}

/// An address of this machine where nobody listens.
pub fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// The Python that has moto: the one that tests/run made, or the first in PATH.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/moto/bin/python3");
        let has_moto = |python: &PathBuf| {
            let look = Command::new(python).args(["-c", "import moto.server"]).output();
            look.is_ok_and(|output| output.status.success())
        };
        [made, PathBuf::from("python3")].into_iter().find(has_moto).expect(MISSING)
    })
}

impl Moto {
    /// The service that the tests of this program share, each with queues of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Moto> = OnceLock::new();
        SHARED.get_or_init(|| Self::start((Ipv4Addr::LOCALHOST, 0).into(), &[]))
    }

    /// Starts a service and waits until it listens. With port 0 it takes any.
    pub fn start(address: SocketAddr, more: &[&str]) -> Self {
        let mut child = Command::new(python())
            .args(["-c", PROGRAM, "--port", &address.port().to_string()])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = child.stdout.take().unwrap();
        let mut moto = Self { child, address };
        let port = port_of(said).expect("moto does not listen: its port may be taken");
        moto.address.set_port(port);
        moto
    }

    /// Makes a queue.
    pub fn queue(&self, name: &str) -> Queue {
        let made = call(self.address, "CreateQueue", &json!({ "QueueName": name }));
        Queue { address: self.address, url: made["QueueUrl"].as_str().unwrap().to_owned() }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Nothing can be done about one that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The port on which a service says that it listens; `None` if it ends first or takes too long.
fn port_of(said: ChildStdout) -> Option<u16> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut said = BufReader::new(said);
        let mut line = String::new();
        let read = said.read_line(&mut line);
        let _ = tell.send(read.ok().and_then(|_| line.trim().parse().ok()));
        // It may go on talking, and nobody listens.
        let _ = io::copy(&mut said, &mut io::sink());
    });
    told.recv_timeout(START_TIME).ok().flatten()
}

/// One queue, as its owner sees it.
pub struct Queue {
    pub address: SocketAddr,
    pub url: String,
}

impl Queue {
    /// Puts an event on the queue; the queue's id of it.
    pub fn put(&self, body: &str) -> String {
        let content = json!({ "QueueUrl": self.url, "MessageBody": body });
        let put = call(self.address, "SendMessage", &content);
        put["MessageId"].as_str().unwrap().to_owned()
    }

    /// How many events are on the queue, seen or hidden.
    pub fn events(&self) -> u64 {
        let seen = "ApproximateNumberOfMessages";
        let hidden = "ApproximateNumberOfMessagesNotVisible";
        let content = json!({ "QueueUrl": self.url, "AttributeNames": [seen, hidden] });
        let given = call(self.address, "GetQueueAttributes", &content);
        let of = |name| given["Attributes"][name].as_str().unwrap().parse::<u64>().unwrap();
        of(seen) + of(hidden)
    }

    /// How many events another reader would be given now.
    pub fn given_to_another(&self) -> usize {
        let content = json!({ "QueueUrl": self.url, "VisibilityTimeout": 0 });
        let given = call(self.address, "ReceiveMessage", &content);
        given["Messages"].as_array().map_or(0, Vec::len)
    }

    /// Takes everything off the queue, whoever holds it.
    pub fn purge(&self) {
        call(self.address, "PurgeQueue", &json!({ "QueueUrl": self.url }));
    }
}

fn call(address: SocketAddr, action: &str, content: &Value) -> Value {
    let content = content.to_string();
    let mut socket = TcpStream::connect_timeout(&address, ANSWER_TIME).unwrap();
    socket.set_read_timeout(Some(ANSWER_TIME)).unwrap();
    socket.set_write_timeout(Some(ANSWER_TIME)).unwrap();
    write!(
        socket,
        "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/x-amz-json-1.0\r\nx-amz-target: AmazonSQS.{action}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=OWNER/20260101/eu-west-2/sqs/aws4_request\r\n\
         content-length: {}\r\n\r\n{content}",
        content.len()
    )
    .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{action}: {answer}");
    serde_json::from_str(body).unwrap_or_default()
}
