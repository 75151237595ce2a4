//! (room: cookie)
