#pragma once
// The decoders of the larger messages. For lib/wire; what they return counts only
// if nothing was complained about.

#include "wire/fields.hpp"
#include "wire/message.hpp"

namespace endpointd::wire {

CheckResult decode_check_result(const Fields& params);

ExecuteCommand decode_execute_command(const Fields& params);
UpdateExecutions decode_update_executions(const Fields& params);

ConfigUpdate decode_config_update(const Fields& params);
ConfigUpdateObject decode_config_update_object(const Fields& params);
ConfigDeleteObject decode_config_delete_object(const Fields& params);

}  // namespace endpointd::wire
