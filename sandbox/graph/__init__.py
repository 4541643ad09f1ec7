"""The part of Microsoft Graph that an app for Teams needs: chats, installed apps, people, presence."""
