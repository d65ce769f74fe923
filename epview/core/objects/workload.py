"""What makes pods (apps/v1, batch/v1): its template, how many it wants, and whether it can make them."""

from __future__ import annotations

from msgspec import field

from epview.core.objects.meta import Api, Condition, Object
from epview.core.objects.pod import PodSpec


class TemplateMeta(Api, frozen=True):
    labels: dict[str, str] = field(default_factory=dict)


class PodTemplateSpec(Api, frozen=True):
    metadata: TemplateMeta = TemplateMeta()
    spec: PodSpec = PodSpec()


class WorkloadSpec(Api, frozen=True):
    """``replicas`` is None for what does not count them: DaemonSets and Jobs."""

    replicas: int | None = None
    template: PodTemplateSpec = PodTemplateSpec()
    service_name: str = ""
    paused: bool = False


class WorkloadStatus(Api, frozen=True):
    replicas: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    conditions: tuple[Condition, ...] = ()


class Workload(Object, frozen=True):
    """A Deployment, ReplicaSet, StatefulSet, DaemonSet or Job, all read alike."""

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()

    @property
    def kind(self) -> str:
        return type(self).__name__

    @property
    def template_labels(self) -> dict[str, str]:
        return self.spec.template.metadata.labels

    @property
    def wanted(self) -> int:
        """How many pods it is asked to keep; apps/v1 defaults ``replicas`` to 1."""
        if isinstance(self, DaemonSet):
            return self.status.desired_number_scheduled
        return 1 if self.spec.replicas is None else self.spec.replicas

    @property
    def existing(self) -> int:
        """How many pods it counts as its own."""
        if isinstance(self, DaemonSet):
            return self.status.current_number_scheduled
        return self.status.replicas


class Deployment(Workload, frozen=True):
    """apps/v1"""


class ReplicaSet(Workload, frozen=True):
    """apps/v1"""


class StatefulSet(Workload, frozen=True):
    """apps/v1"""


class DaemonSet(Workload, frozen=True):
    """apps/v1"""


class Job(Workload, frozen=True):
    """batch/v1"""


class JobTemplateSpec(Api, frozen=True):
    spec: WorkloadSpec = WorkloadSpec()


class CronJobSpec(Api, frozen=True):
    job_template: JobTemplateSpec = JobTemplateSpec()


class CronJob(Object, frozen=True):
    """batch/v1"""

    spec: CronJobSpec = CronJobSpec()
