// Math.*, as the C library computes it.

#include <cmath>
#include <limits>

#include "dsl/natives.hpp"
#include "dsl/natives_impl.hpp"

namespace endpointd::dsl {

namespace {

template <double (*kFunction)(double)>
Value of_one(Call& call) {
    return Value(kFunction(number(call, call.argument(0))));
}

template <double (*kFunction)(double, double)>
Value of_two(Call& call) {
    const double left = number(call, call.argument(0));
    return Value(kFunction(left, number(call, call.argument(1))));
}

Value isnan(Call& call) { return Value(std::isnan(number(call, call.argument(0)))); }
Value isinf(Call& call) { return Value(std::isinf(number(call, call.argument(0)))); }

Value sign(Call& call) {
    const double value = number(call, call.argument(0));
    return Value(value > 0 ? 1.0 : value < 0 ? -1.0 : 0.0);
}

// The one before which none of the others stands, by the language's own operator.
Value extreme(Call& call, std::string_view op, double of_none) {
    if (call.arguments.empty()) return Value(of_none);
    Value best = call.argument(0);
    for (const Value& next : call.arguments.subspan(1)) {
        call.heap.budget().step();
        if (truth(call.interpreter.binary(op, next, best))) best = next;
    }
    return best;
}

Value min(Call& call) { return extreme(call, "<", std::numeric_limits<double>::infinity()); }
Value max(Call& call) { return extreme(call, ">", -std::numeric_limits<double>::infinity()); }

constexpr Builtin kMath[] = {
    {"abs", 1, of_one<std::fabs>, 1},
    {"acos", 1, of_one<std::acos>, 1},
    {"asin", 1, of_one<std::asin>, 1},
    {"atan", 1, of_one<std::atan>, 1},
    {"atan2", 2, of_two<std::atan2>, 2},
    {"ceil", 1, of_one<std::ceil>, 1},
    {"cos", 1, of_one<std::cos>, 1},
    {"exp", 1, of_one<std::exp>, 1},
    {"floor", 1, of_one<std::floor>, 1},
    {"isinf", 1, isinf, 1},
    {"isnan", 1, isnan, 1},
    {"log", 1, of_one<std::log>, 1},
    {"max", 0, max},
    {"min", 0, min},
    {"pow", 2, of_two<std::pow>, 2},
    {"random", 0, nullptr},
    {"round", 1, of_one<std::round>, 1},
    {"sign", 1, sign, 1},
    {"sin", 1, of_one<std::sin>, 1},
    {"sqrt", 1, of_one<std::sqrt>, 1},
    {"tan", 1, of_one<std::tan>, 1},
};

}  // namespace

std::span<const Builtin> math_functions() noexcept { return kMath; }

}  // namespace endpointd::dsl
