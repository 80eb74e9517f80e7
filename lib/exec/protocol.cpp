#include "exec/protocol.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/bytes.hpp"
#include "base/limits.hpp"

namespace endpointd::exec {
namespace {

// The first byte of a message; an index into the variants would change with them.
enum class Tag : std::uint8_t {
    run = 1,
    cancel = 2,
    prepare_reload = 3,
    commit_reload = 4,
    abort_reload = 5,
    ask_status = 6,
    done = 65,
    ready = 66,
    not_ready = 67,
    reload_prepared = 68,
    reload_failed = 69,
    reload_committed = 70,
    status = 71,
};

enum class ValueTag : std::uint8_t { null = 0, no = 1, yes = 2, number = 3, text = 4, array = 5 };

template <class E>
void put(ByteWriter& out, E value) {
    out.u8(static_cast<std::uint8_t>(value));
}

// --- Parameter values ---------------------------------------------------------------

bool put_scalar(ByteWriter& out, const json::Value& value) {
    if (value.is_null()) {
        put(out, ValueTag::null);
    } else if (const bool* flag = value.boolean()) {
        put(out, *flag ? ValueTag::yes : ValueTag::no);
    } else if (const double* number = value.number()) {
        put(out, ValueTag::number);
        out.f64(*number);
    } else if (const std::string* text = value.string()) {
        if (text->size() > limits::kParameterLength) return false;
        put(out, ValueTag::text);
        out.text(*text);
    } else {
        return false;
    }
    return true;
}

bool put_value(ByteWriter& out, const json::Value& value) {
    const json::Array* items = value.array();
    if (!items) return put_scalar(out, value);
    if (items->size() > limits::kArrayItems) return false;
    put(out, ValueTag::array);
    out.u32(static_cast<std::uint32_t>(items->size()));
    for (const json::Value& item : *items)
        if (!put_scalar(out, item)) return false;
    return true;
}

std::optional<json::Value> get_value(ByteReader& in, bool scalar_only = false) {
    switch (static_cast<ValueTag>(in.u8())) {
        case ValueTag::null:
            return json::Value();
        case ValueTag::no:
            return json::Value(false);
        case ValueTag::yes:
            return json::Value(true);
        case ValueTag::number:
            return json::Value(in.f64());
        case ValueTag::text:
            return json::Value(in.text(limits::kParameterLength));
        case ValueTag::array: {
            const std::uint32_t count = in.u32();
            if (scalar_only || in.failed() || count > limits::kArrayItems) return std::nullopt;
            json::Array items;
            for (std::uint32_t i = 0; i < count; ++i) {
                auto item = get_value(in, true);
                if (!item || in.failed()) return std::nullopt;
                items.push_back(std::move(*item));
            }
            return json::Value(std::move(items));
        }
    }
    return std::nullopt;
}

Error malformed() { return fail(Errc::malformed, "a message between daemon and runner that cannot be read"); }

Result<std::string> encode_run(const RunCommand& run) {
    const RunRequest& request = run.request;
    if (request.command.size() > kNameBytes || request.parameters.size() > limits::kParameters)
        return fail(Errc::too_large, "a command's name or number of parameters is too large");
    ByteWriter out;
    put(out, Tag::run);
    out.u64(run.id);
    put(out, request.kind);
    out.u64(static_cast<std::uint64_t>(std::max<Duration::rep>(request.timeout.count(), 0)));
    out.u8(request.patient ? 1 : 0);
    out.text(request.command);
    out.u32(static_cast<std::uint32_t>(request.parameters.size()));
    for (const auto& [name, value] : request.parameters) {
        if (name.size() > kNameBytes) return fail(Errc::too_large, "a parameter's name is too long");
        out.text(name);
        if (!put_value(out, value))
            return fail(Errc::invalid, "parameter '" + name + "' is neither a scalar nor an array of scalars, or too long");
    }
    std::string bytes = std::move(out).take();
    if (bytes.size() > kRequestBytes)
        return fail(Errc::too_large, "the parameters are larger than " + std::to_string(kRequestBytes) + " bytes");
    return bytes;
}

std::optional<RunCommand> decode_run(ByteReader& in) {
    RunCommand run;
    run.id = in.u64();
    const std::uint8_t kind = in.u8();
    if (kind > static_cast<std::uint8_t>(RunKind::notification)) return std::nullopt;
    run.request.kind = static_cast<RunKind>(kind);
    const std::uint64_t timeout = in.u64();
    // More than an entry may ask for never shortens one; so large a number is no duration.
    if (timeout > static_cast<std::uint64_t>(Duration::max().count())) return std::nullopt;
    run.request.timeout = Duration(static_cast<Duration::rep>(timeout));
    const std::uint8_t patient = in.u8();
    if (patient > 1) return std::nullopt;
    run.request.patient = patient == 1;
    run.request.command = in.text(kNameBytes);
    const std::uint32_t count = in.u32();
    if (in.failed() || count > limits::kParameters) return std::nullopt;
    std::vector<json::Object::Member> members;
    for (std::uint32_t i = 0; i < count; ++i) {
        std::string name(in.text(kNameBytes));
        auto value = get_value(in);
        if (!value || in.failed()) return std::nullopt;
        members.emplace_back(std::move(name), std::move(*value));
    }
    auto parameters = json::Object::from_members(std::move(members));
    if (!parameters) return std::nullopt;
    run.request.parameters = std::move(*parameters);
    return run;
}

// --- Outcomes -----------------------------------------------------------------------

void put_outcome(ByteWriter& out, const Outcome& outcome) {
    put(out, outcome.verdict);
    put(out, outcome.refusal);
    out.text(std::string_view(outcome.text).substr(0, kTextBytes));
    out.u32(static_cast<std::uint32_t>(outcome.exit_status));
    out.u32(static_cast<std::uint32_t>(outcome.signal));
    out.text(std::string_view(outcome.output).substr(0, kOutputCeiling));
    out.u8(outcome.truncated ? 1 : 0);
    out.f64(outcome.start);
    out.f64(outcome.end);
    out.u32(static_cast<std::uint32_t>(outcome.argv.size()));
    for (const std::string& word : outcome.argv) out.text(word);
}

std::optional<Outcome> get_outcome(ByteReader& in) {
    Outcome outcome;
    const std::uint8_t verdict = in.u8();
    const std::uint8_t refusal = in.u8();
    if (verdict > static_cast<std::uint8_t>(Verdict::runner_died) || refusal > static_cast<std::uint8_t>(Refusal::unavailable))
        return std::nullopt;
    outcome.verdict = static_cast<Verdict>(verdict);
    outcome.refusal = static_cast<Refusal>(refusal);
    outcome.text = in.text(kTextBytes);
    outcome.exit_status = static_cast<int>(in.u32());
    outcome.signal = static_cast<int>(in.u32());
    outcome.output = in.text(kOutputCeiling);
    const std::uint8_t truncated = in.u8();
    if (truncated > 1) return std::nullopt;
    outcome.truncated = truncated == 1;
    outcome.start = in.f64();
    outcome.end = in.f64();
    const std::uint32_t words = in.u32();
    if (in.failed() || words > kArgvWords) return std::nullopt;
    for (std::uint32_t i = 0; i < words; ++i) {
        outcome.argv.emplace_back(in.text(limits::kArgvBytes));
        if (in.failed()) return std::nullopt;
    }
    return outcome;
}

std::uint8_t flag(bool value) { return value ? 1 : 0; }

bool get_confinement(ByteReader& in, RunnerConfinement& confinement) {
    const std::uint8_t seccomp = in.u8();
    confinement.landlock = static_cast<std::int32_t>(in.u32());
    const std::uint8_t root = in.u8();
    const std::uint32_t count = in.u32();
    if (in.failed() || seccomp > 1 || root > 1 || count > kMissingTexts) return false;
    confinement.seccomp = seccomp == 1;
    confinement.root = root == 1;
    for (std::uint32_t i = 0; i < count; ++i) confinement.missing.emplace_back(in.text(kTextBytes));
    return !in.failed();
}

struct ReplyWriter {
    ByteWriter& out;
    void text(std::string_view value) { out.text(value.substr(0, kTextBytes)); }

    void operator()(const Done& reply) {
        put(out, Tag::done);
        out.u64(reply.id);
        put_outcome(out, reply.outcome);
    }
    void operator()(const Ready& reply) {
        put(out, Tag::ready);
        out.u32(static_cast<std::uint32_t>(reply.pid));
        text(reply.digest);
        const RunnerConfinement& confinement = reply.confinement;
        out.u8(flag(confinement.seccomp));
        out.u32(static_cast<std::uint32_t>(confinement.landlock));
        out.u8(flag(confinement.root));
        out.u32(static_cast<std::uint32_t>(std::min(confinement.missing.size(), kMissingTexts)));
        for (std::size_t i = 0; i < confinement.missing.size() && i < kMissingTexts; ++i) text(confinement.missing[i]);
    }
    void operator()(const NotReady& reply) {
        put(out, Tag::not_ready);
        text(reply.errors);
    }
    void operator()(const ReloadPrepared& reply) {
        put(out, Tag::reload_prepared);
        text(reply.digest);
        out.u8(flag(reply.restarts_runner));
    }
    void operator()(const ReloadFailed& reply) {
        put(out, Tag::reload_failed);
        text(reply.errors);
    }
    void operator()(const ReloadCommitted&) { put(out, Tag::reload_committed); }
    void operator()(const Status& reply) {
        put(out, Tag::status);
        out.u32(static_cast<std::uint32_t>(reply.pid));
        text(reply.digest);
        out.u32(reply.running);
        out.u32(reply.waiting);
        out.u32(reply.spawners);
    }
};

}  // namespace

Result<std::string> encode(const Request& request) {
    if (const RunCommand* run = std::get_if<RunCommand>(&request)) return encode_run(*run);
    ByteWriter out;
    if (const Cancel* cancel = std::get_if<Cancel>(&request)) {
        put(out, Tag::cancel);
        out.u64(cancel->id);
    } else if (std::holds_alternative<PrepareReload>(request)) {
        put(out, Tag::prepare_reload);
    } else if (std::holds_alternative<CommitReload>(request)) {
        put(out, Tag::commit_reload);
    } else if (std::holds_alternative<AbortReload>(request)) {
        put(out, Tag::abort_reload);
    } else {
        put(out, Tag::ask_status);
    }
    return std::move(out).take();
}

Result<Request> decode_request(std::string_view bytes) {
    ByteReader in(bytes);
    std::optional<Request> request;
    switch (static_cast<Tag>(in.u8())) {
        case Tag::run:
            if (auto run = decode_run(in)) request = std::move(*run);
            break;
        case Tag::cancel:
            request = Cancel{in.u64()};
            break;
        case Tag::prepare_reload:
            request = PrepareReload{};
            break;
        case Tag::commit_reload:
            request = CommitReload{};
            break;
        case Tag::abort_reload:
            request = AbortReload{};
            break;
        case Tag::ask_status:
            request = AskStatus{};
            break;
        default:
            break;
    }
    if (!request || !in.finished()) return malformed();
    return std::move(*request);
}

std::string encode(const Reply& reply) {
    ByteWriter out;
    std::visit(ReplyWriter{out}, reply);
    return std::move(out).take();
}

Result<Reply> decode_reply(std::string_view bytes) {
    ByteReader in(bytes);
    const auto text = [&in] { return std::string(in.text(kTextBytes)); };
    const auto pid = [&in] { return static_cast<std::int32_t>(in.u32()); };
    std::optional<Reply> reply;
    switch (static_cast<Tag>(in.u8())) {
        case Tag::done: {
            const std::uint64_t id = in.u64();
            if (auto outcome = get_outcome(in)) reply = Done{id, std::move(*outcome)};
            break;
        }
        case Tag::ready: {
            Ready ready{pid(), text(), {}};
            if (get_confinement(in, ready.confinement)) reply = std::move(ready);
            break;
        }
        case Tag::not_ready:
            reply = NotReady{text()};
            break;
        case Tag::reload_prepared: {
            std::string digest = text();
            const std::uint8_t restarts = in.u8();
            if (restarts <= 1) reply = ReloadPrepared{std::move(digest), restarts == 1};
            break;
        }
        case Tag::reload_failed:
            reply = ReloadFailed{text()};
            break;
        case Tag::reload_committed:
            reply = ReloadCommitted{};
            break;
        case Tag::status: {
            Status status;
            status.pid = pid();
            status.digest = text();
            status.running = in.u32();
            status.waiting = in.u32();
            status.spawners = in.u32();
            reply = std::move(status);
            break;
        }
        default:
            break;
    }
    if (!reply || !in.finished()) return malformed();
    return std::move(*reply);
}

}  // namespace endpointd::exec
