#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "exec/spawner.hpp"

namespace endpointd::exec {
namespace {

constexpr std::size_t kErrorBytes = 1024;

void put_words(ByteWriter& out, const std::vector<std::string>& words) {
    out.u32(static_cast<std::uint32_t>(words.size()));
    for (const std::string& word : words) out.text(word);
}

bool get_words(ByteReader& in, std::vector<std::string>& words) {
    const std::uint32_t count = in.u32();
    if (in.failed() || count > kSpawnWords) return false;
    for (std::uint32_t i = 0; i < count && !in.failed(); ++i) {
        const std::string_view word = in.text(limits::kArgvBytes);
        if (word.find('\0') != std::string_view::npos) return false;  // it would be read as a shorter one
        words.emplace_back(word);
    }
    return !in.failed();
}

}  // namespace

std::string encode(const SpawnerReady& ready) {
    ByteWriter out;
    out.text(std::string_view(ready.error).substr(0, kErrorBytes));
    out.u32(static_cast<std::uint32_t>(ready.landlock));
    out.u8(ready.seccomp ? 1 : 0);
    return std::move(out).take();
}

Result<SpawnerReady> decode_spawner_ready(std::string_view bytes) {
    ByteReader in(bytes);
    SpawnerReady ready;
    ready.error = std::string(in.text(kErrorBytes));
    ready.landlock = static_cast<std::int32_t>(in.u32());
    ready.seccomp = in.u8() != 0;
    if (!in.finished()) return fail(Errc::malformed, "a spawner's first message that cannot be read");
    return ready;
}

std::string encode(const SpawnRequest& request) {
    ByteWriter out;
    out.u64(request.id);
    out.text(request.path);
    out.u8(request.script ? 1 : 0);
    put_words(out, request.argv);
    put_words(out, request.env);
    for (const std::uint64_t limit :
         {request.limits.cpu, request.limits.memory, request.limits.file_size, request.limits.processes, request.limits.open_files})
        out.u64(limit);
    return std::move(out).take();
}

Result<SpawnRequest> decode_spawn_request(std::string_view bytes) {
    ByteReader in(bytes);
    SpawnRequest request;
    request.id = in.u64();
    request.path = in.text(limits::kArgvBytes);
    const bool words = get(in, request.script) && get_words(in, request.argv) && get_words(in, request.env);
    for (std::uint64_t* limit :
         {&request.limits.cpu, &request.limits.memory, &request.limits.file_size, &request.limits.processes, &request.limits.open_files})
        *limit = in.u64();
    const bool whole = request.path.find('\0') == std::string::npos;
    if (!words || !whole || !in.finished() || request.argv.empty())
        return fail(Errc::malformed, "a request to a spawner that cannot be read");
    return request;
}

std::string encode(const SpawnReply& reply) {
    ByteWriter out;
    out.u64(reply.id);
    out.u32(static_cast<std::uint32_t>(reply.pid));
    out.u32(static_cast<std::uint32_t>(reply.error_code));
    return std::move(out).take();
}

Result<SpawnReply> decode_spawn_reply(std::string_view bytes) {
    ByteReader in(bytes);
    SpawnReply reply;
    reply.id = in.u64();
    reply.pid = static_cast<std::int32_t>(in.u32());
    reply.error_code = static_cast<std::int32_t>(in.u32());
    if (!in.finished()) return fail(Errc::malformed, "a spawner's answer that cannot be read");
    return reply;
}

}  // namespace endpointd::exec
