//! A follower between a scripted queue and a scripted broker.

use super::*;
use crate::cli::args::FollowQueue;
use crate::cli::follow::scripted::{KEY, PROFILE, RELEASE, answer};
use crate::stub::{Stub, next};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Events on a queue, by id. It hides none, so what is not deleted comes first again.
type Events = Arc<Mutex<Vec<(String, String)>>>;

/// Releases of so many invented people.
fn releases(count: u32) -> Events {
    let event: Value = serde_json::from_str(RELEASE).unwrap();
    let number = event["additionalInformation"]["nomsNumber"].as_str().unwrap();
    let of = |n| (format!("event-{n}"), RELEASE.replace(number, &format!("Z{:04}ZA", 9_500 + n)));
    Arc::new(Mutex::new((0..count).map(of).collect()))
}

/// Answers as a queue does, ten events at a time.
async fn queue(events: Events) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer_all(socket, Arc::clone(&events)));
        }
    });
    address
}

async fn answer_all(socket: TcpStream, events: Events) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    loop {
        let (mut action, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if socket.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                if line == "\r\n" {
                    break;
                }
                continue;
            };
            match name.to_lowercase().as_str() {
                "x-amz-target" => action = value.to_owned(),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        socket.read_exact(&mut body).await?;
        let asked: Value = serde_json::from_slice(&body).unwrap();
        let body = act(&action, &asked, &mut events.lock().unwrap()).to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        socket.write_all(format!("{head}{body}").as_bytes()).await?;
    }
}

fn act(action: &str, asked: &Value, events: &mut Vec<(String, String)>) -> Value {
    match action {
        "AmazonSQS.ReceiveMessage" => {
            let given = events.iter().take(10);
            let given = given.map(|(id, body)| {
                let (id, body) = (id.as_str(), body.as_str());
                json!({ "MessageId": id, "ReceiptHandle": id, "Body": body })
            });
            json!({ "Messages": given.collect::<Vec<_>>() })
        }
        "AmazonSQS.DeleteMessage" => {
            events.retain(|(id, _)| asked["ReceiptHandle"] != id.as_str());
            json!({})
        }
        _ => json!({}),
    }
}

fn follower<'run>(
    queue: SocketAddr,
    stub: &Stub,
    quarantine: &Path,
    out: &'run Output,
) -> Follower<'run> {
    let endpoint = format!("http://{queue}");
    let url = format!("{endpoint}/000000000000/invented");
    let settings =
        QueueSettings::new(&url, Some(&endpoint), "eu-west-2", Duration::from_secs(60)).unwrap();
    let credentials = QueueCredentials::from_variables(|_| Some("invented".to_owned())).unwrap();
    let connection = stub.connection();
    Follower {
        profile: ImportProfile::from_toml(PROFILE, KEY).unwrap(),
        memory: None,
        quarantine: QuarantineFolder::open(quarantine, KEY).unwrap(),
        source: Arc::new(QueueSource::new(settings, credentials).unwrap()),
        publisher: Publisher::new(&connection, PublisherOptions::default()),
        broker_rest: BrokerRest::new(connection),
        teller: Teller::new(By::FollowerOnce),
        out,
        received: 0,
        left: BTreeSet::new(),
        queue_failures: 0,
    }
}

fn once() -> Follow {
    Follow {
        profile: "unused".into(),
        state: None,
        quarantine: "unused".into(),
        every_seconds: 1,
        once: true,
        queue: FollowQueue { url: None, region: None, endpoint: None, visibility_seconds: 60 },
        folder: None,
    }
}

/// Takes every message but the first that it ever heard of, which it refuses for good each time.
async fn refuse_the_first(mut stub: Stub) {
    let mut call = next(&mut stub.publishing).await;
    let mut first = None;
    loop {
        for message in call.hear().await.messages {
            let first = first.get_or_insert_with(|| message.message_id.clone());
            let is_first = *first == message.message_id;
            call.say(answer(message, !is_first));
        }
    }
}

#[tokio::test]
async fn one_event_that_is_refused_for_good_leaves_no_other_unread() {
    let events = releases(25);
    let (stub, folder) = (Stub::start().await, tempfile::tempdir().unwrap());
    let out = Output::new(true);
    let mut follower = follower(queue(Arc::clone(&events)).await, &stub, folder.path(), &out);
    let broker = tokio::spawn(refuse_the_first(stub));
    tokio::time::timeout(Duration::from_secs(60), follower.run(&once())).await.unwrap().unwrap();
    broker.abort();
    let left: Vec<String> = events.lock().unwrap().iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(left, ["event-0"]);
    assert_eq!(follower.left, BTreeSet::from(["event-0".to_owned()]));
}
