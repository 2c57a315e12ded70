"""asrcompress: may I ship the compressed speech recogniser?"""
