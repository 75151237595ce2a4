//! What became of verifying a ledger, and how it is said.

use std::fmt;

use super::chain::Hash;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Records that are there.
    pub records: u64,
    /// Records that were deleted on purpose.
    pub deleted: u64,
    /// Texts that are there.
    pub documents: u64,
    /// Texts that no record points to: of records that were deleted, or put in by somebody else.
    pub unused: u64,
    /// Checkpoints whose seal is right.
    pub checkpoints: u64,
    /// Checkpoints sealed with a key that is not this one: they prove nothing.
    pub other_key: u64,
    /// Where the chain ends: its number and its hash.
    pub end: (u64, Hash),
    /// The first thing that is wrong.
    pub fault: Option<Fault>,
}

/// Something is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The row's number.
    pub seq: u64,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Its values are not those its hash was made of.
    Edited,
    /// It is not there, and no tombstone says why.
    Missing,
    /// It stands where rows were deleted, or behind the end.
    Inserted,
    /// It was written as another number.
    Reordered(u64),
    /// It and what came after it are not there.
    Truncated,
    /// A text it points to is missing or was changed.
    Text,
    /// A checkpoint about it is missing or was changed, or rows up to it were made anew.
    Checkpoint,
    /// The head's seal is not the key's.
    Head,
    /// This table, index or trigger is not as the gate makes it.
    Schema(String),
    /// The gate found the end of the chain changed when it went on here.
    Broken,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Wrong::Schema(name) = &self.wrong {
            return write!(f, "edited: {name:?} in the file's schema is not as the gate makes it");
        }
        write!(f, "seq {}: ", self.seq)?;
        match &self.wrong {
            Wrong::Edited => f.write_str("edited: its values are not those its hash was made of"),
            Wrong::Missing => f.write_str("missing: it is not there, and no tombstone says why"),
            Wrong::Inserted => f.write_str("inserted: it stands where rows were deleted, or behind the end"),
            Wrong::Reordered(from) => write!(f, "reordered: it was written as seq {from}"),
            Wrong::Truncated => f.write_str("truncated: it and what came after it are not there"),
            Wrong::Text => f.write_str("edited: the notice or the rules it points to are missing or were changed"),
            Wrong::Checkpoint => f.write_str("edited: a checkpoint up to here is missing, or does not fit the rows"),
            Wrong::Head => f.write_str("edited: the ledger's end is not what this key sealed"),
            Wrong::Schema(_) => Ok(()),
            Wrong::Broken => f.write_str("edited: the gate found the end of the chain changed when it went on here"),
        }
    }
}
