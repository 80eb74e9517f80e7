#include "admin/http.hpp"

namespace endpointd::admin {
namespace {

unsigned status_of(Errc code) noexcept {
    switch (code) {
        case Errc::malformed:
        case Errc::invalid:
            return 400;
        case Errc::not_permitted:
            return 403;
        case Errc::not_found:
            return 404;
        case Errc::too_large:
            return 429;
        case Errc::unavailable:
            return 503;
        case Errc::timed_out:
            return 504;
        case Errc::io:
            break;
    }
    return 500;
}

}  // namespace

std::string_view reason_phrase(unsigned status) noexcept {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Content Too Large";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Internal Server Error";
    }
}

Response json_response(const json::Value& value) {
    Response response;
    response.body = json::to_pretty_text(value);
    if (response.body.empty() || response.body.back() != '\n') response.body += '\n';
    return response;
}

Response problem(unsigned status, std::string_view detail) {
    Response response =
        json_response(json::Object{{"type", "about:blank"}, {"title", reason_phrase(status)}, {"status", status}, {"detail", detail}});
    response.status = status;
    response.content_type = "application/problem+json";
    return response;
}

Response problem(const Error& error) { return problem(status_of(error.code), error.text); }

}  // namespace endpointd::admin
