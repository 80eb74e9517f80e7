#include "admin/streams.hpp"

#include <deque>

#include "admin/views.hpp"

namespace endpointd::admin {
namespace {

class Export final : public Stream, public std::enable_shared_from_this<Export> {
public:
    Export(store::StoreThread& store, ExportFormat format, std::optional<WallTime> since) : store_(store), format_(format), since_(since) {}

    std::string_view content_type() const noexcept override {
        return format_ == ExportFormat::csv ? "text/csv; charset=utf-8" : "application/jsonl";
    }

    void next(Next done) override {
        store_.export_page(after_, kExportPage, since_,
                           [self = weak_from_this(), done = std::move(done)](Result<std::vector<store::AuditRecord>> page) {
                               if (const std::shared_ptr<Export> alive = self.lock()) alive->hand_on(std::move(page), done);
                           });
    }

private:
    void hand_on(Result<std::vector<store::AuditRecord>> page, const Next& done) {
        if (!page) return done(page.error());
        std::string piece;
        if (format_ == ExportFormat::csv && !started_) piece = csv_header();
        started_ = true;
        for (const store::AuditRecord& record : *page) {
            after_ = record.id;
            piece += format_ == ExportFormat::csv ? csv_line(record) : json::to_text(store::record_json(record)) + "\n";
        }
        if (piece.empty()) return done(std::optional<std::string>());
        done(std::optional<std::string>(std::move(piece)));
    }

    store::StoreThread& store_;
    ExportFormat format_;
    std::optional<WallTime> since_;
    std::uint64_t after_ = 0;
    bool started_ = false;
};

// Gives a shared object to somebody who owns exactly one Stream.
class Held final : public Stream {
public:
    explicit Held(std::shared_ptr<Stream> held) : held_(std::move(held)) {}
    std::string_view content_type() const noexcept override { return held_->content_type(); }
    std::string_view heartbeat() const noexcept override { return held_->heartbeat(); }
    void next(Next done) override { held_->next(std::move(done)); }

private:
    std::shared_ptr<Stream> held_;
};

class Events final : public Stream {
public:
    explicit Events(store::StoreThread& store)
        : store_(store), token_(store.subscribe([this](const store::AuditRecord& record) { take(record); })) {
        queue_.push_back(": records from now on\n\n");
    }
    ~Events() override { store_.unsubscribe(token_); }
    Events(const Events&) = delete;
    Events& operator=(const Events&) = delete;

    std::string_view content_type() const noexcept override { return "text/event-stream"; }
    std::string_view heartbeat() const noexcept override { return ": nothing new\n\n"; }

    void next(Next done) override {
        waiting_ = std::move(done);
        hand_on();
    }

private:
    void take(const store::AuditRecord& record) {
        if (dropped_) return;
        std::string event =
            "id: " + std::to_string(record.id) + "\nevent: audit\ndata: " + json::to_text(store::record_json(record)) + "\n\n";
        if (queue_.size() >= kEventsQueued || bytes_ + event.size() > kEventBytesQueued) {
            dropped_ = true;
            event = "event: dropped\ndata: {\"why\":\"records came faster than they were read; continue with audit list\"}\n\n";
        }
        bytes_ += event.size();
        queue_.push_back(std::move(event));
        hand_on();
    }

    void hand_on() {
        if (!waiting_) return;
        if (queue_.empty()) {
            if (dropped_) std::exchange(waiting_, nullptr)(std::optional<std::string>());
            return;
        }
        std::string piece = std::move(queue_.front());
        queue_.pop_front();
        bytes_ -= std::min(bytes_, piece.size());
        std::exchange(waiting_, nullptr)(std::optional<std::string>(std::move(piece)));
    }

    store::StoreThread& store_;
    std::deque<std::string> queue_;
    std::size_t bytes_ = 0;
    bool dropped_ = false;
    Next waiting_;
    std::uint64_t token_;  // last: the subscription begins when all else is there
};

std::string csv_cell(std::string_view text) {
    std::string cell = "\"";
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) cell += '\'';
    for (const char c : text) {
        if (c == '"') cell += '"';
        cell += c;
    }
    return cell + '"';
}

std::string csv_cell(const std::optional<std::string>& text) { return text ? csv_cell(std::string_view(*text)) : std::string(); }

}  // namespace

std::string csv_header() {
    return "id,time,last_seen,count,parent,zone,method,object_type,object_name,file,line,decision,reason,detail,content_sha256,reviewed_"
           "time,"
           "reviewed_by,reviewed_note,hash\r\n";
}

std::string csv_line(const store::AuditRecord& record) {
    std::string line =
        std::to_string(record.id) + "," + to_rfc3339(record.time) + "," + to_rfc3339(record.last_seen) + "," + std::to_string(record.count);
    for (const auto* text : {&record.parent, &record.zone, &record.method, &record.object_type, &record.object_name, &record.file}) {
        line += "," + csv_cell(*text);
    }
    line += "," + (record.line ? std::to_string(*record.line) : std::string());
    line += "," + std::string(name_of(record.decision)) + "," + std::string(name_of(record.reason));
    line += "," + csv_cell(std::string_view(record.detail)) + "," + csv_cell(record.content_sha256);
    if (record.reviewed) {
        line += "," + to_rfc3339(record.reviewed->time) + "," + csv_cell(std::string_view(record.reviewed->by)) + "," +
                csv_cell(std::string_view(record.reviewed->note));
    } else {
        line += ",,,";
    }
    return line + "," + record.hash + "\r\n";
}

std::unique_ptr<Stream> make_export(store::StoreThread& store, ExportFormat format, std::optional<WallTime> since) {
    return std::make_unique<Held>(std::make_shared<Export>(store, format, since));
}

std::unique_ptr<Stream> make_events(store::StoreThread& store) { return std::make_unique<Events>(store); }

}  // namespace endpointd::admin
