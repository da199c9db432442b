"""How good is a model? One file a question, answered over clips through the calls that users make.

:func:`msgld.evaluate` runs a question and writes its report. A new question is a file with a subclass of
:class:`msgld.evaluation.question.Question` and a line in ``QUESTIONS`` of :mod:`msgld.evaluation.evaluate`.
"""
