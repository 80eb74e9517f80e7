#pragma once
// Text to the outcome of decoding it, in the words the tests compare.

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "json/document.hpp"
#include "wire/decode.hpp"

namespace endpointd::wire {

inline DecodeResult decoded(std::string_view text) {
    const auto root = json::parse(text);
    EXPECT_TRUE(root) << text;
    return decode(*root);
}

// The message of type T, with nothing else accepted.
template <class T>
T message_of(std::string_view text) {
    const DecodeResult result = decoded(text);
    if (const auto* malformed = std::get_if<Malformed>(&result)) ADD_FAILURE() << malformed->what << " in " << text;
    const auto* incoming = std::get_if<Incoming>(&result);
    if (!incoming || !std::holds_alternative<T>(incoming->message)) {
        ADD_FAILURE() << text;
        return {};
    }
    return std::get<T>(incoming->message);
}

inline std::string with_params(std::string_view method, std::string_view params) {
    return R"({"jsonrpc":"2.0","method":")" + std::string(method) + R"(","params":)" + std::string(params) + "}";
}

// What is wrong with it; "no" if nothing is.
inline std::string complaint_about(std::string_view method, std::string_view params) {
    const DecodeResult result = decoded(with_params(method, params));
    const auto* malformed = std::get_if<Malformed>(&result);
    if (!malformed) return "no";
    EXPECT_EQ(malformed->method, method);
    return malformed->what;
}

}  // namespace endpointd::wire
