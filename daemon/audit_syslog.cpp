// audit.syslog: every record, with its hash, to the system's log as well. Syslog is
// outside our state directory, so it contradicts an audit that was rewritten.

#include <syslog.h>

#include "app_impl.hpp"
#include "base/units.hpp"

namespace endpointd {

void App::Impl::follow_audit() {
    const bool wanted = configuration_.settings.audit.syslog;
    if (!wanted && syslog_) {
        store_->unsubscribe(*syslog_);
        syslog_.reset();
    }
    if (!wanted || syslog_) return;
    syslog_ = store_->subscribe([](const store::AuditRecord& record) {
        const std::string line = "audit " + std::to_string(record.id) + " " + std::string(store::name_of(record.decision)) + " " +
                                 std::string(store::name_of(record.reason)) + " parent=" + escaped(record.parent.value_or("-")) +
                                 " method=" + escaped(record.method.value_or("-")) +
                                 " object=" + escaped(record.object_name.value_or("-")) + " count=" + std::to_string(record.count) +
                                 " hash=" + record.hash;
        ::syslog(LOG_AUTHPRIV | LOG_NOTICE, "%s", line.c_str());
    });
}

}  // namespace endpointd
