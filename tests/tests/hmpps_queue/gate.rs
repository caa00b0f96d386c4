//! What stands between the program under test and the queue service: it sees each call, checks
//! its signature, and can keep calls of one kind waiting.
//!
//! Owns: a listener on this machine and the record of the calls. Promises: a signature is computed
//! here from the rules of Signature Version 4 and the bytes that came, sharing nothing with the
//! program. Deliberately does not know: what the calls do.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::{digest, hmac};

/// Invented credentials: what the program is given and the gate expects.
pub const KEY_ID: &str = "AKIDINVENTEDCANARY";
/// Invented.
pub const SECRET: &str = "invented+secret/CANARY";
/// Invented.
pub const TOKEN: &str = "invented-token-CANARY==";
pub const REGION: &str = "eu-west-2";
/// How long the service may take to answer; a receiver waits there for some seconds.
const ANSWER_TIME: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Seen {
    calls: Vec<String>,
    held: Option<&'static str>,
    faults: Vec<String>,
}

/// A listener before a queue service.
pub struct Gate {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

struct Call {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Gate {
    /// Listens, and passes calls on.
    pub fn before(service: SocketAddr) -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), service)
    }

    /// The same at an address of one's own.
    pub fn at(address: SocketAddr, service: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let (socket, seen) = (socket.unwrap(), Arc::clone(&shared));
                // A connection that breaks is the client's affair.
                std::thread::spawn(move || serve(socket, service, &seen));
            }
        });
        Self { address, seen }
    }

    /// Keeps calls of one kind waiting from now on; `None` lets them all pass.
    pub fn hold(&self, action: Option<&'static str>) {
        self.seen.lock().unwrap().held = action;
    }

    /// How many calls of one kind came.
    pub fn calls(&self, action: &str) -> usize {
        self.seen.lock().unwrap().calls.iter().filter(|call| *call == action).count()
    }

    /// What was wrong with signatures.
    pub fn faults(&self) -> Vec<String> {
        self.seen.lock().unwrap().faults.clone()
    }
}

fn serve(socket: TcpStream, service: SocketAddr, seen: &Mutex<Seen>) -> Option<()> {
    let mut reader = BufReader::new(socket.try_clone().ok()?);
    let mut socket = socket;
    loop {
        let call = read_call(&mut reader)?;
        let action = call.header("x-amz-target").strip_prefix("AmazonSQS.")?.to_owned();
        {
            let mut seen = seen.lock().unwrap();
            if let Err(fault) = check_signature(&call) {
                seen.faults.push(format!("{action}: {fault}"));
            }
            seen.calls.push(action.clone());
        }
        while seen.lock().unwrap().held == Some(&action) {
            std::thread::sleep(Duration::from_millis(20));
        }
        // What a caller asked before it died does not come about later.
        if is_gone(&socket) {
            return None;
        }
        socket.write_all(&pass_on(&call, service)?).ok()?;
    }
}

fn is_gone(socket: &TcpStream) -> bool {
    socket.set_nonblocking(true).unwrap();
    let looked = socket.peek(&mut [0]);
    socket.set_nonblocking(false).unwrap();
    !looked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

fn read_call(reader: &mut BufReader<TcpStream>) -> Option<Call> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    assert_eq!(line, "POST / HTTP/1.1\r\n");
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let mut call = Call { headers, body: Vec::new() };
    call.body = vec![0; call.header("content-length").parse().ok()?];
    reader.read_exact(&mut call.body).ok()?;
    Some(call)
}

fn pass_on(call: &Call, service: SocketAddr) -> Option<Vec<u8>> {
    let mut onward = TcpStream::connect(service).ok()?;
    onward.set_read_timeout(Some(ANSWER_TIME)).ok()?;
    let mut head = "POST / HTTP/1.1\r\nconnection: close\r\n".to_owned();
    for (name, value) in &call.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    onward.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    onward.write_all(&call.body).ok()?;
    let mut answer = Vec::new();
    onward.read_to_end(&mut answer).ok()?;
    // The client keeps its connection, whatever the service does with ours.
    let text = String::from_utf8(answer).ok()?;
    Some(text.replacen("Connection: close\r\n", "", 1).into_bytes())
}

impl Call {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// Signature Version 4: canonical request, string to sign, derived key.
fn check_signature(call: &Call) -> Result<(), &'static str> {
    let authorization = call.header("authorization");
    let part = |name: &str| {
        let at = authorization.split([' ', ',']).find_map(|part| part.strip_prefix(name));
        at.unwrap_or_default()
    };
    let (date, signed) = (call.header("x-amz-date"), part("SignedHeaders="));
    for name in ["host", "x-amz-date", "x-amz-security-token", "x-amz-target"] {
        if !signed.split(';').any(|known| known == name) {
            return Err("a header that matters is not signed");
        }
    }
    if call.header("x-amz-security-token") != TOKEN {
        return Err("the token is missing");
    }
    let day = date.get(..8).ok_or("the date is missing")?;
    let scope = format!("{day}/{REGION}/sqs/aws4_request");
    if part("Credential=") != format!("{KEY_ID}/{scope}") {
        return Err("the credential is another");
    }
    let mut canonical = "POST\n/\n\n".to_owned();
    for name in signed.split(';') {
        canonical.push_str(&format!("{name}:{}\n", call.header(name)));
    }
    canonical.push_str(&format!("\n{signed}\n{}", sha256_hex(&call.body)));
    let to_sign =
        format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
    let key = [day, REGION, "sqs", "aws4_request"]
        .iter()
        .fold(format!("AWS4{SECRET}").into_bytes(), |key, step| mac(&key, step));
    if part("Signature=") == hex::encode(mac(&key, &to_sign)) {
        Ok(())
    } else {
        Err("the signature is another")
    }
}
