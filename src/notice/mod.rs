//! (room: notice)
