//! Compiles the protocol with protox, so that a build needs no protoc, and
//! lists every RPC as an enum so that the broker's access table must have a row for each.

use std::{env, fmt::Write as _, fs, path::Path};

const FILES: [&str; 6] = [
    "pyramid/exchange/v1/message.proto",
    "pyramid/exchange/v1/exchange.proto",
    "pyramid/exchange/v1/attachment.proto",
    "pyramid/directory/v1/directory.proto",
    "pyramid/audit/v1/audit.proto",
    "pyramid/admin/v1/admin.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=pyramid");
    let descriptors = protox::compile(FILES, ["."])?;
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("rpc.rs"), rpc_enum(&descriptors))?;
    let mut config = tonic_prost_build::Config::new();
    // Enums keep their derived Debug; only messages are about people.
    config.skip_debug(message_paths(&descriptors));
    config.bytes(["."]);
    fs::write(Path::new(&out).join("debug.rs"), silent_debug(&descriptors))?;
    tonic_prost_build::configure().compile_fds_with_config(descriptors, config)?;
    Ok(())
}

/// The full protobuf path of every message of ours.
fn message_paths(descriptors: &prost_types::FileDescriptorSet) -> Vec<String> {
    let ours = descriptors.file.iter().filter(|file| file.package().starts_with("pyramid."));
    ours.flat_map(|file| {
        file.message_type.iter().map(|message| format!(".{}.{}", file.package(), message.name()))
    })
    .collect()
}

/// A `Debug` for every message that says only its name: messages are about people,
/// and nothing of them may reach a log by way of `{:?}`.
fn silent_debug(descriptors: &prost_types::FileDescriptorSet) -> String {
    let mut text = String::new();
    for file in &descriptors.file {
        if !file.package().starts_with("pyramid.") {
            continue;
        }
        let module = file.package().trim_start_matches("pyramid.").replace('.', "::");
        for message in &file.message_type {
            let name = message.name();
            let _ = writeln!(
                text,
                "impl std::fmt::Debug for crate::{module}::{name} {{\n    \
                 fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n        \
                 f.write_str(\"{name} {{ .. }}\")\n    }}\n}}"
            );
        }
    }
    text
}

/// One variant for each RPC of the protocol, with its gRPC path.
fn rpc_enum(descriptors: &prost_types::FileDescriptorSet) -> String {
    let (mut variants, mut paths, mut all) = (String::new(), String::new(), String::new());
    for file in &descriptors.file {
        for service in &file.service {
            for method in &service.method {
                let name =
                    format!("{}{}", service.name().trim_end_matches("Service"), method.name());
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                let _ = writeln!(variants, "    /// `{path}`\n    {name},");
                let _ = writeln!(paths, "            Rpc::{name} => \"{path}\",");
                let _ = write!(all, "Rpc::{name}, ");
            }
        }
    }
    format!(
        "/// Every RPC of the protocol, made from the protocol's own files.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n\
         pub enum Rpc {{\n{variants}}}\n\n\
         impl Rpc {{\n    /// All of them.\n    pub const ALL: &[Rpc] = &[{all}];\n\n\
         \x20   /// The path by which gRPC calls it.\n    #[must_use]\n    pub const fn path(self) -> &'static str {{\n        match self {{\n{paths}        }}\n    }}\n}}\n"
    )
}
