import org.apache.commons.lang3.StringUtils;

class Main {
  public static void main(String[] words) {
    System.out.println(StringUtils.capitalize("larder"));
  }
}
