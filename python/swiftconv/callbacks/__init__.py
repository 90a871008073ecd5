"""Callbacks: what happens besides the arithmetic while a model is trained, evaluated or predicts."""

from swiftconv.callbacks.backup_and_restore import BackupAndRestore
from swiftconv.callbacks.callback import Callback
from swiftconv.callbacks.callback_list import CallbackList
from swiftconv.callbacks.csv_logger import CSVLogger
from swiftconv.callbacks.early_stopping import EarlyStopping
from swiftconv.callbacks.history import History
from swiftconv.callbacks.lambda_callback import LambdaCallback
from swiftconv.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from swiftconv.callbacks.model_checkpoint import ModelCheckpoint
from swiftconv.callbacks.progbar_logger import ProgbarLogger
from swiftconv.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
