#pragma once
// The two answers that come in pieces: the whole audit, page by page, and audit
// records as they happen. Each belongs to one connection and dies with it.

#include <cstddef>
#include <memory>
#include <optional>

#include "admin/http.hpp"
#include "base/clock.hpp"
#include "store/store_thread.hpp"

namespace endpointd::admin {

enum class ExportFormat { jsonl, csv };

// Records read from the store at a time: a page is some 500 KiB at most.
inline constexpr std::size_t kExportPage = 500;
// Events and their bytes that wait for one subscriber; then it is dropped, with an
// event that says so.
inline constexpr std::size_t kEventsQueued = 1000;
inline constexpr std::size_t kEventBytesQueued = 1024 * 1024;

// Oldest first. `store` must outlive the stream.
std::unique_ptr<Stream> make_export(store::StoreThread& store, ExportFormat format, std::optional<WallTime> since);

// Server-sent events from now on: `audit` with a RECORD and its id; `dropped` for a
// reader that is too slow. `store` must outlive the stream.
std::unique_ptr<Stream> make_events(store::StoreThread& store);

// One line of CSV; a cell that a spreadsheet would take for a formula gets a ' in front.
std::string csv_line(const store::AuditRecord& record);
std::string csv_header();

}  // namespace endpointd::admin
