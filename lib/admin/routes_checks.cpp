// What an operator does with a check: now, pause, resume.

#include "admin/routes.hpp"
#include "base/units.hpp"
#include "json/document.hpp"

namespace endpointd::admin {
namespace {

Result<CheckWish> wish_of(const Call& call, CheckWish::What what) {
    const Result<json::Value> value = json::parse(call.request.body);
    if (!value) return fail(Errc::malformed, "the request's body is not JSON: " + value.error().text);
    const json::Object* const body = value->object();
    const json::Value* const object = body ? body->find("object") : nullptr;
    const json::Value* const length = body ? body->find("for") : nullptr;
    const bool with_length = length && !length->is_null();
    if (!object || !object->string() || object->string()->empty() || body->size() != (length ? 2U : 1U) ||
        (with_length && (what != CheckWish::What::pause || !length->string())))
        return fail(Errc::invalid, what == CheckWish::What::pause
                                       ? "the request's body needs \"object\" (HOST or HOST!SERVICE) and may have \"for\" (a duration)"
                                       : "the request's body needs \"object\" (HOST or HOST!SERVICE) and nothing else");
    CheckWish wish;
    wish.what = what;
    wish.object = *object->string();
    if (with_length) {
        const Result<Duration> parsed = parse_duration(*length->string());
        if (!parsed) return parsed.error();
        // It would be over before it is seen, and who asked for it takes the check for paused.
        if (parsed->count() <= 0) return fail(Errc::invalid, "\"for\" is longer than 0; leave it out to pause until somebody resumes it");
        wish.length = *parsed;
    }
    return wish;
}

void control(const Call& call, const Reply& reply, CheckWish::What what) {
    const Result<CheckWish> wish = wish_of(call, what);
    if (!wish) return reply(problem(wish.error()));
    if (const Result<void> done = call.backend.control_check(*wish, call.request.caller); !done) return reply(problem(done.error()));
    reply(json_response(json::Object{{"object", wish->object}, {"state", call.backend.check_view(wish->object)}}));
}

}  // namespace

void post_check_now(const Call& call, Reply reply) { control(call, reply, CheckWish::What::now); }
void post_check_pause(const Call& call, Reply reply) { control(call, reply, CheckWish::What::pause); }
void post_check_resume(const Call& call, Reply reply) { control(call, reply, CheckWish::What::resume); }

}  // namespace endpointd::admin
