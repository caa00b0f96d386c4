#!/usr/bin/env python3
"""Checks a Pyramid proof without Pyramid software, by docs/ledger-format.md. Needs Python 3.11 and cryptography.
  verify.py --key VKEY PROOF.json [--previous OLD_CHECKPOINT --consistency FILE]
Exit 0: everything asked for holds. Exit 1: the step named on the last line does not."""
import argparse, base64, datetime, hashlib, json, re, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELDS = {"format", "record", "salt", "slot", "slots", "inner_path", "leaf", "index", "log_path", "checkpoint"}
LEAF = r'\{"format":"pyramid-leaf/1","root":"([0-9a-f]{64})","time":"([0-9]{4}-[0-9-]{5}T[0-9:]{8}Z)"\}'

def need(holds, why):
    if not holds: raise ValueError(why)
def refuse(_): need(False, "only whole numbers are allowed")
def sha(data): return hashlib.sha256(data).digest()
def read(path):
    with open(path, "rb") as file: data = file.read(2**20 + 1)
    need(len(data) <= 2**20, "is larger than 1 MiB")
    return data.decode()
def unhex(text, size=32):
    need(re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text), f"must be {size} bytes in lower-case hex")
    return bytes.fromhex(text)
def unbase64(text):
    need(base64.b64encode(base64.b64decode(text)).decode() == text, "must be standard base64")
    return base64.b64decode(text)
def whole(value):
    need(type(value) is int and 0 <= value < 2**64, "must be a whole number of 64 bits")
    return value
def once(pairs):
    need(len(dict(pairs)) == len(pairs), "a key stands twice")
    return dict(pairs)
def load(text): return json.loads(text, object_pairs_hook=once, parse_float=refuse, parse_constant=refuse)
def canonical(value, depth=0):  # RFC 8785, for whole numbers only
    need(type(value) is not int or abs(value) < 2**53, "a number is beyond 2^53 - 1")
    if not isinstance(value, (dict, list)): return json.dumps(value, ensure_ascii=False)
    need(depth < 64, "nested too deeply")
    if isinstance(value, list): return "[" + ",".join(canonical(item, depth + 1) for item in value) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(canonical(key) + ":" + canonical(value[key], depth + 1) for key in keys) + "}"

def climb(start, at, last, path):  # RFC 9162 sections 2.1.3.2 and 2.1.4.2
    need(len(path) <= 64, "the path is too long")
    old = new = start
    for sibling in path:
        need(last > 0, "the path is too long")
        if at & 1 or at == last:
            old, new = sha(b"\1" + sibling + old), sha(b"\1" + sibling + new)
            while at and not at & 1: at, last = at >> 1, last >> 1
        else: new = sha(b"\1" + new + sibling)
        at, last = at >> 1, last >> 1
    need(last == 0, "the path is too short")
    return old, new
def check_inclusion(leaf, index, size, path, root):
    need(whole(index) < whole(size), "the index is outside the tree")
    need(climb(leaf, index, size - 1, list(map(unhex, path)))[1] == root, "the path leads to another root")
def check_consistency(old_size, old_root, size, root, path):
    need(old_size <= size, "the log has become shorter")
    if old_size in (0, size):
        return need(path == [] and old_root == (root if old_size else sha(b"")), "the roots differ")
    path, at, last = list(map(unhex, path)), old_size - 1, size - 1
    if old_size & at == 0: path.insert(0, old_root)
    while at & 1: at, last = at >> 1, last >> 1
    need(path and climb(path[0], at, last, path[1:]) == (old_root, root), "the path leads to other roots")

def check_checkpoint(note, vkey):
    name, key_id, key = vkey.split("+", 2)
    key, key_id = unbase64(key), unhex(key_id, 4)
    need(len(key) == 33 and key[0] == 1, "the given key is not an Ed25519 verifier key")
    need(sha(name.encode() + b"\n" + key)[:4] == key_id, "the given key's id is not its own")
    need(not re.search(r"[\x00-\x09\x0b-\x1f]", note), "the note holds a control character")
    text, _, lines = note.rpartition("\n\n")
    need(lines.count("\n") <= 64, "the note has more than 64 signature lines")
    text, signed = text + "\n", False
    for line in lines.removesuffix("\n").split("\n"):
        match = re.fullmatch(r"\u2014 ([^\s+]+) (\S+)", line)
        need(match and lines.endswith("\n"), "a signature line is malformed")
        signature = unbase64(match[2])
        need(len(signature) > 4, "a signature line holds no signature")
        if match[1] == name and signature[:4] == key_id:  # other keys' lines are not ours to judge
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], text.encode())
            signed = True
    need(signed, "the given key has not signed it")
    origin, size, root, *extensions = text[:-1].split("\n")
    need(origin and all(extensions), "an empty line in the checkpoint")
    need(re.fullmatch("0|[1-9][0-9]*", size), "the size is malformed")
    size, root = whole(int(size)), unbase64(root)
    need(len(root) == 32 and (size or root == sha(b"")), "the root is malformed")
    return origin, size, root

def main():
    options = argparse.ArgumentParser()
    options.add_argument("--key", required=True)
    options.add_argument("proof")
    options.add_argument("--previous")
    options.add_argument("--consistency")
    args, step = options.parse_args(), "arguments"
    try:
        need(bool(args.previous) == bool(args.consistency), "--previous and --consistency go together")
        step = "proof file"
        proof = load(read(args.proof))
        need(set(proof) == FIELDS and proof["format"] == "pyramid-proof/1", "is not a pyramid-proof/1")
        step = "checkpoint signature"
        origin, size, root = check_checkpoint(proof["checkpoint"], args.key)
        print(f"The checkpoint of {origin!r} over {size} entries is signed by the given key.")
        step = "leaf"
        leaf = re.fullmatch(LEAF, proof["leaf"])
        need(leaf and leaf[2] >= "1970", "is not a pyramid-leaf/1")
        datetime.datetime.strptime(leaf[2], "%Y-%m-%dT%H:%M:%SZ")
        step = "log path"
        check_inclusion(sha(b"\0" + leaf[0].encode()), proof["index"], size, proof["log_path"], root)
        print(f"Entry {proof['index']}, of {leaf[2]}, is in that log.")
        step = "record"
        record = load(proof["record"])
        need(isinstance(record, dict) and canonical(record) == proof["record"], "is not a canonical JSON object")
        need(record["format"] == "pyramid-record/1", "is not a pyramid-record/1")
        need(isinstance(record["type"], str) and isinstance(record["party"], str), "type and party must be strings")
        step = "inner path"
        slots, hashed = whole(proof["slots"]), sha(b"\0" + unhex(proof["salt"]) + proof["record"].encode())
        need(16 <= slots <= 2**31 and slots & (slots - 1) == 0, "slots must be a power of two from 16 to 2^31")
        check_inclusion(hashed, proof["slot"], slots, proof["inner_path"], bytes.fromhex(leaf[1]))
        print(f"The record, of type {record['type']!r} for party {record['party']!r}, is in that entry.")
        if args.previous:
            step = "previous checkpoint"
            old_origin, old_size, old_root = check_checkpoint(read(args.previous), args.key)
            step = "consistency"
            growth = load(read(args.consistency))
            need(old_origin == origin, "the two checkpoints are of different logs")
            need((growth["old_size"], growth["new_size"]) == (old_size, size), "the path is for other sizes")
            check_consistency(old_size, old_root, size, root, growth["path"])
            print(f"The log continues the previous checkpoint of {old_size} entries; none of them was changed.")
    except Exception as fault:  # whatever a hostile file provokes, the answer is a failed step
        print(f"FAILED at: {step} ({type(fault).__name__} {fault}).")
        return 1
    print("Everything checked holds.")
    return 0

if __name__ == "__main__":
    sys.exit(main())
