"""What a request knows of its login from the beginning: whether anything is kept from it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User

from groups_app.hiding import ChangeVisibility, SetVisibility
from groups_app.logins import LoginBackend
from groups_app.models import ForbiddenServer, HiddenFeature, HiddenServer
from groups_app.visibility import sees_all, visible_features
from licstats.models import LicenseServer
from tests.factories import FeatureFactory, UserFactory

pytestmark = pytest.mark.django_db


class TestWhatARequestKnowsOfItsLogin:
    """A login from which nothing is kept is asked nothing more; all others are as without that."""

    @pytest.fixture
    def somebody(self) -> User:
        return UserFactory()

    def of_request(self, of: User) -> User:
        user = LoginBackend().get_user(of.pk)
        assert user is not None
        return user

    def test_of_most_logins_nothing_is_kept(self, somebody: User) -> None:
        feature = FeatureFactory()

        user = self.of_request(somebody)

        assert sees_all(user)
        assert list(visible_features(user)) == [feature]
        assert "hidden" not in str(visible_features(user).query)

    def test_a_login_that_no_request_loaded_is_looked_up(self, somebody: User) -> None:
        assert not sees_all(somebody)
        assert not sees_all(AnonymousUser())

    def test_a_hidden_server_a_hidden_feature_or_a_forbidding_role_is_known(self, somebody: User) -> None:
        feature = FeatureFactory()
        other = UserFactory()
        role = Group.objects.create(name="site")
        kept = [
            lambda: HiddenServer.objects.create(user=somebody, server=feature.server),
            lambda: HiddenFeature.objects.create(user=somebody, server=feature.server, name=feature.name),
            lambda: (somebody.groups.add(role), ForbiddenServer.objects.create(role=role, server=feature.server)),
        ]
        for keep in kept:
            HiddenServer.objects.all().delete()
            HiddenFeature.objects.all().delete()
            assert sees_all(self.of_request(somebody))
            keep()
            assert not sees_all(self.of_request(somebody))
            assert list(visible_features(self.of_request(somebody))) == []
            assert list(visible_features(self.of_request(other))) == [feature]

    def test_what_is_hidden_during_a_request_is_hidden_in_its_answer(self, somebody: User) -> None:
        feature = FeatureFactory()
        for change in (
            lambda user: ChangeVisibility(user, user, LicenseServer.objects.filter(pk=feature.server_id)).hide(),
            lambda user: SetVisibility(user, servers=[feature.server]).execute(),
        ):
            HiddenServer.objects.all().delete()
            user = self.of_request(somebody)
            change(user)
            assert list(visible_features(user)) == []

    def test_an_inactive_login_is_nobody(self, somebody: User) -> None:
        User.objects.filter(pk=somebody.pk).update(is_active=False)
        assert LoginBackend().get_user(somebody.pk) is None
        assert LoginBackend().get_user(0) is None
