//! What Merkle proofs prove: from the bytes of an answer to yes, or what is wrong.
//!
//! `warg-transparency` computes the roots; that there is one proof for each leaf, that it is about that leaf and that length, and that it
//! has no more hashes than a tree has levels, is checked here first: it takes all of that for granted, and ends the program otherwise.

use warg_api::v1::proof::InclusionResponse;
use warg_crypto::hash::{AnyHash, Hash, Sha256};
use warg_protocol::registry::{LogId, LogLeaf, MapLeaf};
use warg_transparency::log::{LogProofBundle, Node};
use warg_transparency::map::MapProofBundle;

use super::checkpoint::Checkpoint;
use crate::error::one_line;
use crate::log_problem::LogProblem;

const RECORDS: &str = "records in its log";
const HEADS: &str = "ends of logs in its map";
const HISTORY: &str = "continuations of its past";
/// The map has a level for each bit of a digest.
const LEVELS: usize = 256;

/// Checks that every leaf is in the log of `checkpoint` at its index, and in its map as the last of its log.
pub(super) fn check_inclusion(
    answer: &InclusionResponse,
    checkpoint: &Checkpoint,
    leaves: &[(u64, LogLeaf)],
) -> Result<(), LogProblem> {
    let bundle = LogProofBundle::<Sha256, LogLeaf>::decode(&answer.log).map_err(|error| wrong(RECORDS, &error))?;
    let (hashes, histories, proofs) = bundle.unbundle();
    expect_count(RECORDS, leaves.len(), proofs.len())?;
    expect_count(HISTORY, 0, histories.len())?;
    let root: Hash<Sha256> = sha256(RECORDS, checkpoint.log_root())?;
    for ((index, leaf), proof) in leaves.iter().zip(&proofs) {
        // The nodes of the tree are numbered in order, so that every second one is a leaf.
        let is_about_the_leaf = usize::try_from(index * 2).is_ok_and(|node| proof.leaf() == Node(node));
        if !is_about_the_leaf || proof.log_length() as u64 != checkpoint.length() {
            return Err(wrong(RECORDS, &"it is about another record, or another length of the log"));
        }
        let found = proof.evaluate_value(&hashes, leaf).map_err(|error| wrong(RECORDS, &error))?;
        if found != root {
            return Err(wrong(RECORDS, &"it leads to another root than the checkpoint's"));
        }
    }

    let bundle = MapProofBundle::<Sha256, LogId, MapLeaf>::decode(&answer.map).map_err(|error| wrong(HEADS, &error))?;
    let proofs = bundle.unbundle();
    expect_count(HEADS, leaves.len(), proofs.len())?;
    let root: Hash<Sha256> = sha256(HEADS, checkpoint.map_root())?;
    for ((_, leaf), proof) in leaves.iter().zip(&proofs) {
        if proof.peers.len() > LEVELS {
            return Err(wrong(HEADS, &"it has more hashes than the map has levels"));
        }
        if proof.evaluate(&leaf.log_id, &MapLeaf { record_id: leaf.record_id.clone() }) != root {
            return Err(wrong(HEADS, &"it leads to another root than the checkpoint's"));
        }
    }
    Ok(())
}

/// Whether the log of `checkpoint` begins with the `known` one: a length, shorter than the checkpoint's, and a root. A proof that is none
/// is an error.
pub(super) fn is_continued(answer: &[u8], known: (u64, &str), checkpoint: &Checkpoint) -> Result<bool, LogProblem> {
    let bundle = LogProofBundle::<Sha256, LogLeaf>::decode(answer).map_err(|error| wrong(HISTORY, &error))?;
    let (hashes, proofs, inclusions) = bundle.unbundle();
    expect_count(RECORDS, 0, inclusions.len())?;
    let [proof] = proofs.as_slice() else {
        return Err(LogProblem::MissingProof { what: HISTORY, expected: 1, found: proofs.len() });
    };
    if proof.old_length as u64 != known.0 || proof.new_length as u64 != checkpoint.length() || known.0 == 0 {
        return Err(wrong(HISTORY, &"it is about other lengths of the log"));
    }
    let (old, new) = proof.evaluate(&hashes).map_err(|error| wrong(HISTORY, &error))?;
    if AnyHash::from(new) != checkpoint.log_root() {
        return Err(wrong(HISTORY, &"it leads to another root than the checkpoint's"));
    }
    Ok(AnyHash::from(old).to_string() == known.1)
}

fn expect_count(what: &'static str, expected: usize, found: usize) -> Result<(), LogProblem> {
    if expected == found { Ok(()) } else { Err(LogProblem::MissingProof { what, expected, found }) }
}

fn sha256(what: &'static str, hash: AnyHash) -> Result<Hash<Sha256>, LogProblem> {
    hash.try_into().map_err(|error| wrong(what, &error))
}

fn wrong(what: &'static str, problem: &dyn std::fmt::Display) -> LogProblem {
    LogProblem::Proof { what, problem: one_line(&problem.to_string()) }
}
