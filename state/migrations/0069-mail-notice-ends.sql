-- The end of what is not there: whoever has the API's account could end what is still to come, and nobody would be told of it
-- after they are gone. Like every migration, this one can be run again from its start.

DELIMITER //

CREATE OR REPLACE TRIGGER mail_notice_is_there BEFORE INSERT ON mail_notice_end FOR EACH ROW
BEGIN
  IF NOT EXISTS (SELECT 1 FROM mail_notice WHERE seq = NEW.notice) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'there is no such notice';
  END IF;
END //

DELIMITER ;
