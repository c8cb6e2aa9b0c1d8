//! What is inside a mail: header fields, MIME parts, links (RFC 5322, 2045 to 2047, 2231).
