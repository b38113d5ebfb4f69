ALTER TABLE "couplet"."sync_error" DROP CONSTRAINT "sync_error_coupling_id_fkey";
