#pragma once
// Every bound that is not the operator's to set, with its unit and its reason.
// Bounds an operator sets are in settings; these hold beside them.

#include <chrono>
#include <cstddef>

namespace endpointd::limits {

// --- What a stranger may cost -------------------------------------------------

// Bytes of one message before the peer is authenticated: a Hello is 90 bytes, a
// certificate request some 6 KiB.
inline constexpr std::size_t kAnonymousMessage = 64 * 1024;
// Digits of a netstring's length; upstream takes 9 (protocol, 1.7).
inline constexpr std::size_t kNetstringDigits = 9;
// Connections that have not yet proved who they are, in all and from one address:
// enough for every parent to reconnect at once, too few to fill our descriptors.
inline constexpr std::size_t kUnauthenticated = 64;
inline constexpr std::size_t kUnauthenticatedPerAddress = 8;

// --- JSON ---------------------------------------------------------------------

// Nested containers of one message; upstream allows 32 as well (protocol, 1.8).
inline constexpr std::size_t kJsonDepth = 32;
// Values of one message: 64 MiB of "0,0,0" would be half a gigabyte in memory.
inline constexpr std::size_t kJsonValues = 1'000'000;
// Characters of one number, and digits of its exponent: more has no meaning in a
// double, and RapidJSON 1.1 overflows on long negative exponents.
inline constexpr std::size_t kJsonNumberLength = 64;
inline constexpr int kJsonExponentDigits = 3;

// --- The conversation (protocol, 5.1, 4.6) --------------------------------------

inline constexpr std::chrono::seconds kHeartbeatEvery{20};
inline constexpr std::chrono::seconds kAckEvery{5};
inline constexpr std::chrono::seconds kSilenceBeforeDrop{60};
inline constexpr std::chrono::seconds kTlsHandshake{10};
inline constexpr std::chrono::seconds kCloseNotify{2};
// Bytes queued for one peer that does not read: then it is disconnected, its
// answers are kept for the next connection.
inline constexpr std::size_t kSendQueueBytes = 16 * 1024 * 1024;
// Answers kept for one parent that is away, in memory: entries and bytes. Half a send
// queue, so that all of them can be handed to the connection that comes next.
inline constexpr std::size_t kStoredAnswers = 10'000;
inline constexpr std::size_t kStoredAnswerBytes = 8 * 1024 * 1024;

// --- Commands -------------------------------------------------------------------

// A parameter's text; the longest sane plugin argument is far below.
inline constexpr std::size_t kParameterLength = 4096;
// Parameters of one request and elements of one array.
inline constexpr std::size_t kParameters = 256;
inline constexpr std::size_t kArrayItems = 1024;
// Bytes of argv and environment together; the kernel takes 128 KiB for one string.
inline constexpr std::size_t kArgvBytes = 256 * 1024;

// --- Audit ------------------------------------------------------------------------

// What is kept of a refused message, for `audit show`.
inline constexpr std::size_t kAuditContent = 64 * 1024;
// New records one parent may cause in a minute: then they fold into one per kind.
inline constexpr std::size_t kAuditRecordsPerMinute = 600;
// Characters of a foreign name (object, command, file) in a record.
inline constexpr std::size_t kAuditName = 512;

// --- Operator's side ------------------------------------------------------------

// One configuration file, and one request to the admin socket.
inline constexpr std::size_t kConfigFile = 16 * 1024 * 1024;
inline constexpr std::size_t kAdminRequest = 1024 * 1024;
// Objects deep and values of one of our own configuration files.
inline constexpr std::size_t kConfigDepth = 32;

}  // namespace endpointd::limits
