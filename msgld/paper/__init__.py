"""The published MSG-LD (Karchkhadze et al. 2024, arXiv:2409.12346), reimplemented. Core never imports this package.

From the paper to the files, by topic:

* first stage: the front end ``AUDIOLDM`` in :mod:`msgld.dsp.mel`, the ``autoencoder``, and the vocoder in ``hifigan``
* joint latents of all stems with the mixture as a condition: the U-Net in ``unet3d`` and ``unet3d_blocks``
* diffusion: the noise ``schedule``, the ``denoiser``, and DDIM in :mod:`msgld.diffusion.sample`
* separation and generation by classifier-free guidance: :mod:`msgld.diffusion.guidance`
* arrangement: ``Overwriting`` in ``denoiser``
* training: ``training`` (``recipes`` first)
* evaluation (tables I to III): :mod:`msgld.evaluation.protocols`

``convert`` reads the authors' checkpoints.
"""
