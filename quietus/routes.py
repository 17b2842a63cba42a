"""Every page and every JSON call of the product, by feature."""

from typing import Final

from quietus.accounts import api as accounts_api
from quietus.accounts import outside_views
from quietus.accounts import views as accounts_views
from quietus.admin import api as admin_api
from quietus.admin import start_views, user_views
from quietus.admin import views as admin_views
from quietus.analysis import api as analysis_api
from quietus.analysis import views as analysis_views
from quietus.analytics import api as analytics_api
from quietus.analytics import views as analytics_views
from quietus.audit import api as audit_api
from quietus.audit import views as audit_views
from quietus.core import api_docs
from quietus.home import views as home_views
from quietus.privacy import api as privacy_api
from quietus.privacy import finding_views
from quietus.privacy import views as privacy_views
from quietus.reports import api as reports_api
from quietus.reports import views as reports_views
from quietus.review import api as review_api
from quietus.review import views as review_views
from quietus.video import api as video_api
from quietus.video import views as video_views
from quietus.webhooks import api as webhooks_api
from quietus.webhooks import views as webhooks_views

PAGES: Final = (
    home_views.bp,
    accounts_views.bp,
    outside_views.bp,
    analysis_views.bp,
    video_views.bp,
    review_views.bp,
    privacy_views.bp,
    finding_views.bp,
    analytics_views.bp,
    reports_views.bp,
    audit_views.bp,
    admin_views.bp,
    start_views.bp,
    user_views.bp,
    webhooks_views.bp,
    api_docs.bp,
)
CALLS: Final = (
    accounts_api.bp,
    analysis_api.bp,
    video_api.bp,
    review_api.bp,
    privacy_api.bp,
    analytics_api.bp,
    reports_api.bp,
    audit_api.bp,
    admin_api.bp,
    webhooks_api.bp,
)
