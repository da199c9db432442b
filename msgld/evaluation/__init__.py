"""How good is a model? One file per question, answered over clips through the calls that users make.

``evaluate`` (:func:`msgld.evaluate`) chooses the clips, runs a question and writes its report (``report``). The
questions are ``separation``, ``generation``, ``arrangement`` (over ``subsets`` of stems), ``codec`` and, for research,
``listening``. ``measures`` and ``embeddings`` turn sounds into figures; ``protocols`` repeats published evaluations. A
new question is a file with a subclass of :class:`msgld.evaluation.question.Question`, and a line in ``QUESTIONS`` of
``evaluate``.
"""
