#include "exec/launcher.hpp"

#include "base/bytes.hpp"

namespace endpointd::exec {
namespace {

enum class Tag : std::uint8_t { settle = 1, start_spawner = 2, kill_child = 3, ask_run = 4 };

constexpr std::size_t kErrorBytes = 2048;

// The largest profile is a request that the launcher takes: paths, each with its length and
// rights, the filter, and room for the rest. A runner with a larger one would lose its launcher.
static_assert(kPathsBytes + kPathRules * 12 + kFilterBytes + 64 <= kLauncherRequestBytes);

struct Writer {
    ByteWriter& out;

    void operator()(const Settle& settle) {
        tag(Tag::settle);
        out.u8(settle.no_new_privs ? 1 : 0);
        out.u32(static_cast<std::uint32_t>(settle.identities.size()));
        for (const Identity& identity : settle.identities) put(out, identity);
    }
    void operator()(const StartSpawner& start) {
        tag(Tag::start_spawner);
        out.u32(start.identity);
        put(out, start.profile);
    }
    void operator()(const KillChild& kill) {
        tag(Tag::kill_child);
        out.u32(static_cast<std::uint32_t>(kill.pid));
        out.u8(kill.group ? 1 : 0);
        out.u32(static_cast<std::uint32_t>(kill.signal));
    }
    void operator()(const AskRun& ask) {
        tag(Tag::ask_run);
        out.u32(static_cast<std::uint32_t>(ask.pid));
    }
    void tag(Tag value) { out.u8(static_cast<std::uint8_t>(value)); }
};

std::optional<LauncherRequest> read_request(ByteReader& in) {
    switch (static_cast<Tag>(in.u8())) {
        case Tag::settle: {
            Settle settle;
            if (!get(in, settle.no_new_privs)) return std::nullopt;
            const std::uint32_t count = in.u32();
            if (in.failed() || count == 0 || count > kIdentities) return std::nullopt;
            for (std::uint32_t i = 0; i < count; ++i)
                if (!get(in, settle.identities.emplace_back())) return std::nullopt;
            return settle;
        }
        case Tag::start_spawner: {
            StartSpawner start;
            start.identity = in.u32();
            if (!get(in, start.profile)) return std::nullopt;
            return start;
        }
        case Tag::kill_child: {
            KillChild kill;
            kill.pid = static_cast<pid_t>(in.u32());
            if (!get(in, kill.group)) return std::nullopt;
            kill.signal = static_cast<std::int32_t>(in.u32());
            return kill;
        }
        case Tag::ask_run:
            return AskRun{static_cast<pid_t>(in.u32())};
    }
    return std::nullopt;
}

}  // namespace

std::string encode(const LauncherRequest& request) {
    ByteWriter out;
    std::visit(Writer{out}, request);
    return std::move(out).take();
}

Result<LauncherRequest> decode_launcher_request(std::string_view bytes) {
    ByteReader in(bytes);
    auto request = read_request(in);
    if (!request || !in.finished()) return fail(Errc::malformed, "a request to the launcher that cannot be read");
    return *std::move(request);
}

std::string encode(const LauncherReply& reply) {
    ByteWriter out;
    out.text(std::string_view(reply.error).substr(0, kErrorBytes));
    out.u8(reply.root ? 1 : 0);
    out.u8(reply.confines ? 1 : 0);
    out.u32(static_cast<std::uint32_t>(reply.pid));
    out.u8(reply.run ? 1 : 0);
    out.u64(reply.run.value_or(0));
    return std::move(out).take();
}

Result<LauncherReply> decode_launcher_reply(std::string_view bytes) {
    ByteReader in(bytes);
    LauncherReply reply;
    reply.error = std::string(in.text(kErrorBytes));
    reply.root = in.u8() != 0;
    reply.confines = in.u8() != 0;
    reply.pid = static_cast<pid_t>(in.u32());
    const bool run = in.u8() != 0;
    const std::uint64_t id = in.u64();
    if (run) reply.run = id;
    if (!in.finished()) return fail(Errc::malformed, "a launcher's answer that cannot be read");
    return reply;
}

}  // namespace endpointd::exec
