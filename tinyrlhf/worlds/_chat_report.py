class ChatReport:
    pass
