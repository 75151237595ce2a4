//! (room: html)
